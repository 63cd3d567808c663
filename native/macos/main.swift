// culvert-tls for macOS: TLS with keys that stay in the keychain or on a card. The contract is in ../README.md.
import Foundation

// A closed pipe or socket is told by write(2); the signal would end the program without a word.
signal(SIGPIPE, SIG_IGN)

let arguments = Array(CommandLine.arguments.dropFirst())
let command = arguments.first ?? ""
switch (command, arguments.count) {
case ("version", 1):
    sayLine("culvert-tls 1 mac")
case ("list", 1):
    // Read all the same, for whoever writes it; nothing of it is for macOS.
    _ = StandardInput().firstLine()
    listCertificates()
case ("export", 2):
    exportIdentity(id: arguments[1], request: decodeRequest(StandardInput().firstLine()))
case ("connect", 1):
    let input = StandardInput()
    let request: ConnectRequest = decodeRequest(input.firstLine())
    if !request.isUsable {
        fail(.usage, "The first line of the input has a port or a name that cannot be used.")
    }
    TlsConnection(request).run(input)
default:
    fail(.usage, "usage: culvert-tls version | list | export ID | connect")
}
exit(0)
