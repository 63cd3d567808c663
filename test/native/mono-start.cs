using System.Reflection;
using Mono.Security.Interface;

namespace Culvert.Tls.Tests
{
    /// <summary>
    /// Starts a program with its arguments: `mono-start.exe PROGRAM ARGUMENT...`. Mono's SslStream.ShutdownAsync sends a close_notify, as that
    /// of the .NET Framework does, only when it is told to, and that can be said only from within.
    /// </summary>
    internal static class MonoStart
    {
        internal static void Main(string[] arguments)
        {
            typeof(MonoTlsSettings)
                .GetProperty("SendCloseNotify", BindingFlags.Instance | BindingFlags.NonPublic)
                .SetValue(MonoTlsSettings.DefaultSettings, true, null);
            string[] others = new string[arguments.Length - 1];
            System.Array.Copy(arguments, 1, others, 0, others.Length);
            Assembly.LoadFrom(arguments[0]).EntryPoint.Invoke(null, new object[] { others });
        }
    }
}
