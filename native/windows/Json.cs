using System;
using System.IO;
using System.Runtime.Serialization.Json;
using System.Text;
using System.Xml;

namespace Culvert.Tls
{
    /// <summary>JSON lines in and out.</summary>
    internal static class Json
    {
        private const int LongestLine = 1024 * 1024;
        private const int DeepestLevel = 4;

        /// <summary>Reads one line. What follows it is application data.</summary>
        /// <exception cref="UsageException">It is too long, not JSON, or lacks a member.</exception>
        internal static T Read<T>(InputPipe input)
        {
            byte[] line = input.ReadLine(LongestLine);
            XmlDictionaryReaderQuotas quotas = new XmlDictionaryReaderQuotas();
            quotas.MaxDepth = DeepestLevel;
            quotas.MaxStringContentLength = LongestLine;
            quotas.MaxArrayLength = LongestLine;
            quotas.MaxBytesPerRead = LongestLine;
            try
            {
                using (XmlDictionaryReader reader =
                    JsonReaderWriterFactory.CreateJsonReader(line, 0, line.Length, new UTF8Encoding(false, true), quotas, null))
                {
                    T value = (T)new DataContractJsonSerializer(typeof(T)).ReadObject(reader);
                    if (value != null)
                    {
                        return value;
                    }
                    throw new FormatException();
                }
            }
            catch (Exception)
            {
                // Mono and the framework wrap their exceptions differently. Their text can quote the line, and with it a passphrase.
                throw new UsageException("The first line is not the JSON that this command takes.");
            }
        }

        /// <summary>Writes one line at once, so that lines of several threads do not mix.</summary>
        internal static void Write<T>(Stream output, T value)
        {
            using (MemoryStream line = new MemoryStream())
            {
                new DataContractJsonSerializer(typeof(T)).WriteObject(line, value);
                line.WriteByte((byte)'\n');
                lock (output)
                {
                    output.Write(line.GetBuffer(), 0, (int)line.Length);
                    output.Flush();
                }
            }
        }
    }
}
