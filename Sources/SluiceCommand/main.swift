import FileSystem
import Glibc

ProcessHygiene.apply()
Interruption.install()
exit(Invocation.run(Array(CommandLine.arguments.dropFirst())))
