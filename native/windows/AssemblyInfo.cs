using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

[assembly: AssemblyTitle("culvert-tls")]
[assembly: AssemblyProduct("Culvert")]
[assembly: AssemblyVersion("1.0.0.0")]

// Without it the framework takes the program for one of version 4.0 and keeps TLS 1.3 from it.
// The csc.exe of the framework does not write it by itself.
[assembly: TargetFramework(".NETFramework,Version=v4.8")]

// Libraries come from the system alone, never from the folder of the program.
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
