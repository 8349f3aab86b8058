# Compiler settings for every target of ours: one interface library, so that nothing leaks to whoever links the SDK.
add_library(procgraph_flags INTERFACE)
target_compile_options(procgraph_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)  # GCC 12 sees overlaps in "literal" + string that are none (its bug 105329)
if(PROCGRAPH_WERROR)
  target_compile_options(procgraph_flags INTERFACE -Werror)
endif()
if(PROCGRAPH_SANITIZE)
  target_compile_options(procgraph_flags INTERFACE -fsanitize=${PROCGRAPH_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)  # instrumented, GCC 12 sees it within <regex> and std::function
  target_link_options(procgraph_flags INTERFACE -fsanitize=${PROCGRAPH_SANITIZE})
  if(PROCGRAPH_SANITIZE MATCHES thread)  # it does not understand Asio's fences, which a loop of one thread does not need
    target_compile_definitions(procgraph_flags INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()

# procgraph_objects(NAME SOURCES... LINK libraries...): one object library per folder.
# Includes are written from the tree's root folders ("base/mark.h", <procgraph/node.h>).
function(procgraph_objects name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} OBJECT ${arg_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/runner)
  target_link_libraries(${name} PUBLIC procgraph_flags ${arg_LINK})
endfunction()
