// Sockets between programs that know nothing of procgraph: Python's own servers and clients.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;

// An echo server on descriptor 3, which answers what it hears in capitals, as `family`.
std::string server(const std::string& family) {
  return "import os, socket, socketserver\n"
         "assert os.environ['LISTEN_PID'] == str(os.getpid()) and os.environ['LISTEN_FDS'] == '1'\n"
         "class Upper(socketserver.StreamRequestHandler):\n"
         "    def handle(self): self.wfile.write(self.rfile.readline().upper())\n"
         "s = socketserver." +
         family +
         "(os.environ['PROCGRAPH_SOCKET_S'], Upper, bind_and_activate=False)\n"
         "s.socket = socket.socket(fileno=3)\n"
         "s.serve_forever()\n";
}

const char* const kUnixClient =
    "import os, socket\n"
    "c = socket.socket(socket.AF_UNIX)\n"
    "c.connect(os.environ['PROCGRAPH_SOCKET_S'])\n"
    "c.sendall(b'hello\\n')\n"
    "answer = c.makefile().readline()\n"
    "mode = oct(os.stat(os.path.dirname(os.environ['PROCGRAPH_SOCKET_S'])).st_mode & 0o777)\n"
    "os.write(1, f'{answer}{mode}\\n'.encode())  # at once: there are several of us\n";

// What is left of `procgraph-…` folders in a folder.
bool is_clean(const std::string& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("procgraph-")) return false;
  }
  return true;
}

TEST(Socket, TheExampleIsAnsweredThoughItsServerStartsLast) {
  Folder folder;
  Ran ran = run(folder.path(), {"run", source_path("configs/socket.yaml")});
  EXPECT_EQ(ran.out, "client │ HELLO\n");
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.code, 0);
}

TEST(Socket, OfUnixLiesInAPrivateFolderThatGoesWithTheRun) {
  Folder folder;
  folder.write("server.py", server("ThreadingUnixStreamServer"));
  folder.write("client.py", kUnixClient);
  folder.write("graph.yaml",
               "processes:\n"
               "  server: { command: python3 server.py, serves: s, service: true }\n"
               "  client: { command: python3 client.py, connects: s, replicas: 3, stdout: inherit }\n"
               "sockets: [s]\n");
  Ran ran =
      shell(folder.path(), "XDG_RUNTIME_DIR='" + folder.path() + "' " + procgraph_path() + " run graph.yaml");
  for (std::size_t at = 0, n = 0; n < 3; ++n) {
    at = ran.out.find("HELLO\n0o700\n", at);
    ASSERT_NE(at, std::string::npos) << ran.out << ran.err;
    ++at;
  }
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(is_clean(folder.path()));
}

// The server's program starts only when the client says, over a pipe, that it has connected.
TEST(Socket, ConnectionsWaitForAServerThatStartsLater) {
  Folder folder;
  folder.write("server.py", server("ThreadingTCPServer"));
  folder.write("client.py",
               "import os, socket, sys\n"
               "host, port = os.environ['PROCGRAPH_SOCKET_S'].split(':')\n"
               "c = socket.create_connection((host, int(port)))\n"
               "print('connected', flush=True)\n"
               "c.sendall(b'waited\\n')\n"
               "print(c.makefile().readline(), end='', file=sys.stderr)\n");
  folder.write("graph.yaml",
               "processes:\n"
               "  server: { shell: 'read -r said && exec python3 server.py', serves: s, service: true }\n"
               "  client: { command: python3 client.py, connects: s }\n"
               "pipelines: [[client, server]]\n"
               "sockets: { s: { listen: 'tcp://127.0.0.1:0' } }\n");
  Ran ran = run(folder.path(), {"run", "graph.yaml"});
  EXPECT_EQ(ran.err, "client │ WAITED\n");
  EXPECT_EQ(ran.code, 0);
}

TEST(Socket, OfAServerThatIsGoneForGoodRefusesConnections) {
  Folder folder;
  folder.write("client.py",
               "import os, socket\n"
               "host, port = os.environ['PROCGRAPH_SOCKET_S'].split(':')\n"
               "try: socket.create_connection((host, int(port)))\n"
               "except ConnectionRefusedError: print('refused')\n");
  folder.write("graph.yaml",
               "processes:\n"
               "  server: { shell: 'exit 0', serves: s, service: true }\n"
               "  client: { command: python3 client.py, connects: s, after: { server: succeeded } }\n"
               "sockets: { s: { listen: 'tcp://127.0.0.1:0' } }\n");
  Ran ran = run(folder.path(), {"run", "graph.yaml"});
  EXPECT_EQ(ran.out, "client │ refused\n") << ran.err;
}

TEST(Socket, ThatItsServerOpensIsOnlyAnAddress) {
  Folder folder;
  folder.write("server.py",
               "import os, socket\n"
               "s = socket.socket(socket.AF_UNIX)\n"
               "s.bind(os.environ['PROCGRAPH_SOCKET_S'])\n"
               "s.listen()\n"
               "print('listening', flush=True)\n"
               "c, _ = s.accept()\n"
               "c.sendall(b'own' + str('LISTEN_FDS' in os.environ).encode())\n");
  folder.write("client.py",
               "import socket, sys\n"
               "sys.stdin.readline()\n"
               "c = socket.socket(socket.AF_UNIX)\n"
               "c.connect(sys.argv[1])\n"
               "print(c.makefile().read())\n");
  folder.write("graph.yaml",
               "processes:\n"
               "  server: { command: python3 server.py, serves: s, service: true }\n"
               "  client: { command: 'python3 client.py ${socket.s.address}', connects: s }\n"
               "pipelines: [[server, client]]\n"
               "sockets: { s: { open: server } }\n");
  Ran ran =
      shell(folder.path(), "XDG_RUNTIME_DIR='" + folder.path() + "' " + procgraph_path() + " run graph.yaml");
  EXPECT_EQ(ran.out, "client │ ownFalse\n") << ran.err;
  EXPECT_TRUE(is_clean(folder.path()));
}

TEST(Socket, AnAddressThatSomebodyHasIs69) {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(fd, 1), 0);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string port = std::to_string(ntohs(address.sin_port));
  Ran ran = run_text(
      "processes: { server: { command: sleep 100, serves: s, service: true } }\n"
      "sockets: { s: { listen: 'tcp://127.0.0.1:" +
      port + "' } }\n");
  ::close(fd);
  EXPECT_EQ(ran.code, 69);
  EXPECT_THAT(ran.err, HasSubstr("bind of socket 's' at 127.0.0.1:" + port +
                                 " (`ss -ltnp` shows who listens there): Address already in use"));
}

TEST(Socket, AnAddressInAFolderThatDoesNotExistIs69) {
  const Folder folder;
  folder.write("g.yaml",
               "processes: { server: { command: sleep 100, serves: s, service: true } }\n"
               "sockets: { s: { listen: 'unix:nope/a.sock' } }\n");
  const Ran ran = run(folder.path(), {"run", "g.yaml"});
  EXPECT_EQ(ran.code, 69);
  EXPECT_EQ(ran.err, "procgraph: bind of socket 's' at " + folder.path() +
                         "/nope/a.sock (its folder does not exist): No such file or directory\n");
}

}  // namespace
}  // namespace procgraph::e2e
