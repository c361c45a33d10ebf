# Writes TARGET from commit.cpp.in, with the commit of the tree SOURCE; leaves it alone where it
# says so already. A tree that is no checkout of its own, even inside another's, has no commit.
set(COMMIT unknown)
find_program(GIT git)
if(GIT AND EXISTS ${SOURCE}/.git)
  set(ASK COMMAND ${GIT} --no-optional-locks -C ${SOURCE})
  execute_process(${ASK} rev-parse --verify HEAD OUTPUT_VARIABLE HEAD RESULT_VARIABLE FAILED
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  execute_process(${ASK} status --porcelain --untracked-files=no OUTPUT_VARIABLE CHANGES
    ERROR_QUIET)
  if(NOT FAILED)
    set(COMMIT ${HEAD})
    if(CHANGES)
      string(APPEND COMMIT -dirty)
    endif()
  endif()
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/commit.cpp.in ${TARGET} @ONLY)
