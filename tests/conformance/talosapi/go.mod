module vipd/tests/conformance/talosapi

go 1.26.6

require github.com/siderolabs/talos/pkg/machinery v1.13.9
