using System;
using System.IO;

namespace Culvert.Tls
{
    /// <summary>
    /// Stdin: one line, then bytes. BufferedStream is none for it: it waits for more when a part of what was asked for is there.
    /// </summary>
    internal sealed class InputPipe
    {
        private readonly Stream stream;
        private readonly byte[] buffer = new byte[16 * 1024];
        private int start;
        private int end;

        internal InputPipe(Stream stream)
        {
            this.stream = stream;
        }

        /// <summary>Up to and without the next line feed, or up to the end.</summary>
        /// <exception cref="UsageException">It is longer than `longest` bytes.</exception>
        internal byte[] ReadLine(int longest)
        {
            using (MemoryStream line = new MemoryStream())
            {
                for (;;)
                {
                    int feed = Array.IndexOf(buffer, (byte)'\n', start, end - start);
                    int stop = feed < 0 ? end : feed;
                    if (line.Length + stop - start > longest)
                    {
                        throw new UsageException("The first line is longer than 1 MiB.");
                    }
                    line.Write(buffer, start, stop - start);
                    start = feed < 0 ? end : feed + 1;
                    if (feed >= 0 || !Fill())
                    {
                        return line.ToArray();
                    }
                }
            }
        }

        /// <returns>How many bytes were there, 0 at the end.</returns>
        internal int Read(byte[] target)
        {
            if (start == end)
            {
                return stream.Read(target, 0, target.Length);
            }
            int count = Math.Min(target.Length, end - start);
            Array.Copy(buffer, start, target, 0, count);
            start += count;
            return count;
        }

        private bool Fill()
        {
            start = 0;
            end = stream.Read(buffer, 0, buffer.Length);
            return end > 0;
        }
    }
}
