package conformance

import (
	"strconv"
	"strings"
)

// What the client has no method for, through its own transport, checks and retries.
func (c *cloud) raw(method, path, body string) error {
	c.t.Helper()
	request, err := c.NewRequest(c.t.Context(), method, path, strings.NewReader(body))
	must(c.t, err)
	_, err = c.Do(request, nil)
	return err
}

func id(number int64) string { return strconv.FormatInt(number, 10) }
