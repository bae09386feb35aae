using System.Runtime.InteropServices;

namespace MoREdge.Cli;

/// <summary>
/// Ctrl-C and the signals that ask a program to end as a cancellation that a verb polls, so that it can clean up.
/// Rearmed for each answer of a chat.
/// </summary>
internal sealed class Interruption : IDisposable
{
    /// <summary>
    /// SIGXFSZ, sent where a file outgrows the limit of the shell (ulimit -f). Its default kills the program and would
    /// leave a half-written file; without it the write fails, as on a full disk.
    /// </summary>
    private const PosixSignal FileSizeLimit = (PosixSignal)25;

    private static PosixSignalRegistration? _fileSizeLimit;

    /// <summary>Holds signals off a program that is ending anyway, whose exit code they would change.</summary>
    private static PosixSignalRegistration[]? _behindTheVerb;

    /// <summary>
    /// Ask the program to end; the second comes when its terminal closes. One that was ignored when the program started
    /// (nohup) stays ignored: the runtime sees to that.
    /// </summary>
    private static readonly PosixSignal[] EndingSignals =
        [PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    private static readonly PosixSignal[] AllSignals = [PosixSignal.SIGINT, .. EndingSignals];

    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration[] _endings;
    private readonly Lock _lock = new();
    private readonly Action? _onIdleInterrupt;
    private CancellationTokenSource _source = new();
    private bool _isDisposed;

    /// <param name="onIdleInterrupt">Called on Ctrl-C while <see cref="IsIdle"/>, when there is nothing to
    /// stop.</param>
    public Interruption(Action? onIdleInterrupt = null)
    {
        _onIdleInterrupt = onIdleInterrupt;
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        _endings = Array.ConvertAll(EndingSignals, signal => PosixSignalRegistration.Create(signal, Terminate));
    }

    /// <summary>
    /// Turns a signal for a file that outgrew the limit into a failed write. It stays so until the process ends: the
    /// signal is handled on another thread, perhaps after the write has failed and the verb has cleaned up.
    /// </summary>
    public static void IgnoreFileSizeLimit()
    {
        if (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())
        {
            _fileSizeLimit ??= PosixSignalRegistration.Create(FileSizeLimit, context => context.Cancel = true);
        }
    }

    /// <summary>Cancelled by the next signal.</summary>
    public CancellationToken Token
    {
        get
        {
            lock (_lock)
            {
                return _source.Token;
            }
        }
    }

    /// <summary>True after SIGTERM and its like: the program is asked to end, not only the answer.</summary>
    public bool IsTerminating { get; private set; }

    /// <summary>
    /// True while the program waits for input: SIGTERM and its like then end it at once, because no cancellation is
    /// polled.
    /// </summary>
    public bool IsIdle { get; set; }

    /// <summary>Forgets an earlier Ctrl-C.</summary>
    public void Rearm()
    {
        lock (_lock)
        {
            if (_source.IsCancellationRequested && !IsTerminating)
            {
                _source.Dispose();
                _source = new CancellationTokenSource();
            }
        }
    }

    /// <summary>For the end of a verb: what comes behind it takes milliseconds and is not interrupted.</summary>
    public void Dispose()
    {
        _behindTheVerb ??= Array.ConvertAll(
            AllSignals, signal => PosixSignalRegistration.Create(signal, context => context.Cancel = true));
        _interrupt.Dispose();
        foreach (PosixSignalRegistration ending in _endings)
        {
            ending.Dispose();
        }

        lock (_lock)
        {
            _isDisposed = true;
            _source.Dispose();
        }
    }

    private void Terminate(PosixSignalContext context)
    {
        IsTerminating = true;
        if (IsIdle)
        {
            Environment.Exit(ExitCode.Success);
        }

        Cancel(context);
    }

    private void Cancel(PosixSignalContext context)
    {
        context.Cancel = true;
        if (IsIdle)
        {
            _onIdleInterrupt?.Invoke();
            return;
        }

        lock (_lock)
        {
            // A second signal may be on its way here, on a thread of its own, while the verb ends because of the first.
            if (!_isDisposed)
            {
                _source.Cancel();
            }
        }
    }
}
