using System.Text;
using Microsoft.Win32.SafeHandles;

namespace MoREdge.Cli;

/// <summary>Makes the three standard streams safe to use, whatever the program was started with.</summary>
internal static class StandardStreams
{
    private const int StandardErrorNumber = 2;

    /// <summary>Between two tries of what would have to wait.</summary>
    private const int RetryMilliseconds = 5;

    /// <summary>errno of a read or write that would have to wait, of Linux and of others.</summary>
    private static readonly int TryAgain = OperatingSystem.IsLinux() ? 11 : 35;

    /// <summary>Kept for the life of the process: a collected handle would close its stream.</summary>
    private static readonly List<SafeFileHandle> Placeholders = [];

    /// <summary>
    /// Takes the places of closed streams, lets nothing that is said on standard error fail, and sends the parser's
    /// help where all results go. To be called before anything opens a file or waits for a signal.
    /// </summary>
    public static void Prepare()
    {
        if (!OperatingSystem.IsWindows())
        {
            TakeClosedPlaces();
        }

        UTF8Encoding encoding = new(encoderShouldEmitUTF8Identifier: false);
        Console.OutputEncoding = encoding;
        StreamWriter error = new(new LenientStream(Console.OpenStandardError()), encoding) { AutoFlush = true };
        Console.SetError(TextWriter.Synchronized(error));
        Console.SetOut(new StreamWriter(StandardOutput.Open(), encoding) { AutoFlush = true });
    }

    /// <summary>
    /// Whether a stream is only not ready yet. That it does not block is a property of the pipe or terminal, which
    /// another program that shares it may have set for all of them.
    /// </summary>
    public static bool WouldBlock(IOException fault) => (fault.HResult & 0xFFFF) == TryAgain;

    /// <summary>Lets time pass before the next try.</summary>
    public static void WaitForOthers() => Thread.Sleep(RetryMilliseconds);

    /// <summary>
    /// A new file takes the lowest free number. One of 0 to 2 that was closed (&gt;&amp;-) would go to the pipe through
    /// which the runtime hears of signals, and what the program prints would arrive there as a signal. The null device
    /// takes them: opened for reading, so that a result that is printed to nowhere still is a failure.
    /// </summary>
    private static void TakeClosedPlaces()
    {
        try
        {
            SafeFileHandle handle = OpenNull();
            while (handle.DangerousGetHandle() <= StandardErrorNumber)
            {
                Placeholders.Add(handle);
                handle = OpenNull();
            }

            handle.Dispose();
        }
        catch (IOException)
        {
            // Without a null device the program runs as it was started.
        }
        catch (UnauthorizedAccessException)
        {
            // As above.
        }
    }

    private static SafeFileHandle OpenNull() =>
        File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);

    /// <summary>
    /// Standard error. Warnings and statistics that nobody can read, on a full disk or a closed stream, are no reason
    /// to end: the exit code says how the work went.
    /// </summary>
    private sealed class LenientStream(Stream inner) : WriteOnlyStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            try
            {
                inner.Write(buffer);
            }
            catch (IOException)
            {
                // See above.
            }
            catch (UnauthorizedAccessException)
            {
                // See above: a stream that is not open for writing.
            }
        }
    }
}
