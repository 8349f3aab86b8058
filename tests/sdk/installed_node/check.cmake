# Installs the SDK of BUILD into a temporary prefix, builds the node here against it, and runs it by hand.
#   cmake -DBUILD=... -DSCRATCH=... -DCXX=... -DFLAGS=... -DGENERATOR=... -P check.cmake
function(run expected)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT code EQUAL expected)
    message(FATAL_ERROR "${ARGN}\nended with ${code}, not ${expected}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
run(0 ${CMAKE_COMMAND} --install ${BUILD} --prefix ${SCRATCH}/prefix)
run(0 ${CMAKE_COMMAND} -G ${GENERATOR} -S ${CMAKE_CURRENT_LIST_DIR} -B ${SCRATCH}/build -DCMAKE_PREFIX_PATH=${SCRATCH}/prefix
      -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_FLAGS=${FLAGS})
run(0 ${CMAKE_COMMAND} --build ${SCRATCH}/build)
run(3 ${CMAKE_COMMAND} -E env --unset=PROCGRAPH_GRAPH ${SCRATCH}/build/echo)
if(NOT output STREQUAL "this program is a node: `procgraph run FILE` starts it and gives it its channels (PROCGRAPH_GRAPH is not set)\n")
  message(FATAL_ERROR "the node said: ${output}")
endif()
file(REMOVE_RECURSE ${SCRATCH})
