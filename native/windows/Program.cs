using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Text;

namespace Culvert.Tls
{
    /// <summary>culvert-tls for Windows: see native/README.md for the contract.</summary>
    internal static class Program
    {
        private const int Failed = 1;
        private const int WrongUsage = 2;
        private static readonly object Reporting = new object();
        private static bool reported;

        internal static void Main(string[] arguments)
        {
            try
            {
                Run(arguments);
            }
            catch (UsageException e)
            {
                Report(Failure.Tls, e.Message, null);
                Environment.Exit(WrongUsage);
            }
            catch (Failure e)
            {
                Fail(e);
            }
            catch (CryptographicException e)
            {
                Fail(new Failure(Failure.Store, e.Message));
            }
            catch (IOException)
            {
                // Nobody reads stdout any more.
                Environment.Exit(Failed);
            }
            catch (Exception e)
            {
                // One line in place of a stack trace, which nobody would parse.
                Fail(new Failure(Failure.Tls, "Unexpected: " + e.GetType().Name));
            }
            Environment.Exit(0);
        }

        /// <summary>Reports and ends the process, with all of its threads. Only the first of several calls is told.</summary>
        internal static void Fail(Failure failure)
        {
            Report(failure.Code, failure.Message, failure.Chain);
            Environment.Exit(Failed);
        }

        private static void Run(string[] arguments)
        {
            string command = arguments.Length == 0 ? "" : arguments[0];
            if (command == "version" && arguments.Length == 1)
            {
                byte[] line = Encoding.ASCII.GetBytes("culvert-tls 1 windows\n");
                Stdio.Output.Write(line, 0, line.Length);
            }
            else if (command == "list" && arguments.Length == 1)
            {
                Json.Read<ListRequest>(Stdio.Input);
                Listing.List(Stdio.Output);
            }
            else if (command == "export" && arguments.Length == 2)
            {
                Listing.Export(arguments[1], Json.Read<ExportRequest>(Stdio.Input).Passphrase, Stdio.Output);
            }
            else if (command == "connect" && arguments.Length == 1)
            {
                Connection.Run(Json.Read<ConnectRequest>(Stdio.Input));
            }
            else
            {
                throw new UsageException("Usage: culvert-tls version | list | export ID | connect");
            }
        }

        private static void Report(string code, string message, IList<byte[]> chain)
        {
            ErrorEvent error = new ErrorEvent();
            error.Event = "error";
            error.Code = code;
            error.Message = message.Replace('\r', ' ').Replace('\n', ' ');
            if (chain != null)
            {
                error.Chain = new string[chain.Count];
                for (int i = 0; i < chain.Count; i++)
                {
                    error.Chain[i] = Convert.ToBase64String(chain[i]);
                }
            }
            // Whoever comes second waits, so that its exit does not cut off the line of the first.
            lock (Reporting)
            {
                if (reported)
                {
                    return;
                }
                reported = true;
                try
                {
                    Json.Write(Stdio.Error, error);
                }
                catch (IOException)
                {
                    // The exit code is all that is left to say it with.
                    return;
                }
            }
        }
    }
}
