using System;
using System.IO;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Culvert.Tls
{
    /// <summary>The three streams of the process, as bytes.</summary>
    internal static class Stdio
    {
        private const int OutputHandle = -11;
        private const int OutputDescriptor = 1;

        internal static readonly InputPipe Input = new InputPipe(Console.OpenStandardInput());
        internal static readonly Stream Output = Console.OpenStandardOutput();
        internal static readonly Stream Error = Console.OpenStandardError();

        /// <summary>
        /// Stdout for `connect`. The stream of Console takes a broken pipe for success, and its Close leaves the handle open, so that
        /// the reader would never see the end.
        /// </summary>
        /// <exception cref="UsageException">Stdout is no pipe.</exception>
        internal static Stream OpenOutputPipe()
        {
            bool isWindows = Environment.OSVersion.Platform == PlatformID.Win32NT;
            IntPtr handle = isWindows ? GetStdHandle(OutputHandle) : new IntPtr(OutputDescriptor);
            try
            {
                return new AnonymousPipeClientStream(PipeDirection.Out, new SafePipeHandle(handle, true));
            }
            catch (Exception e)
            {
                if (e is IOException || e is ArgumentException)
                {
                    throw new UsageException("connect needs a pipe as its stdout.");
                }
                throw;
            }
        }

        [DllImport("kernel32.dll", ExactSpelling = true)]
        private static extern IntPtr GetStdHandle(int number);
    }
}
