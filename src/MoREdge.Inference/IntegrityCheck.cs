using System.Threading.Tasks;
using MoREdge.ModelFile;

namespace MoREdge.Inference;

/// <summary>
/// Verifies the digests of a model file, so that a damaged file is named instead of babbling. Files up to
/// <see cref="ForegroundBytesMax"/> take milliseconds and are verified at once; larger ones in the background, behind
/// the first token: before it the hashing would take a core from the prompt.
/// </summary>
public sealed class IntegrityCheck : IDisposable
{
    /// <summary>About 10 ms of hashing at 3 GB/s.</summary>
    public const long ForegroundBytesMax = 32_000_000;

    private readonly CancellationTokenSource _stop = new();
    private readonly GgufFile _file;
    private readonly TaskScheduler _scheduler;
    private readonly Lock _gate = new();
    private volatile Task? _task;
    private volatile bool _wasStopped;
    private bool _isDisposed;

    /// <summary>Verifies a small <paramref name="file"/>; a large one must stay open until this is disposed.</summary>
    /// <exception cref="ModelFileException">A small file is damaged.</exception>
    public IntegrityCheck(GgufFile file)
        : this(file, TaskScheduler.Default)
    {
    }

    /// <summary>The same with a <paramref name="scheduler"/> that may have no thread to give.</summary>
    internal IntegrityCheck(GgufFile file, TaskScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(file);
        _file = file;
        _scheduler = scheduler;
        if (!file.HasDigests || file.FileBytes <= ForegroundBytesMax)
        {
            Verify();
            _task = Task.CompletedTask;
        }
    }

    /// <summary>True once every digest has been compared.</summary>
    public bool IsComplete => _task is { IsCompleted: true } && !_wasStopped;

    /// <summary>
    /// Starts to verify in the background; does nothing when that has been done before. Where the system starts no more
    /// threads it verifies before it returns. Thread-safe: sessions of one model may come to their first tokens at
    /// once.
    /// </summary>
    /// <exception cref="ObjectDisposedException">Disposed before it was started.</exception>
    public void Start()
    {
        if (_task is not null)
        {
            return;
        }

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed && _task is null, this);
            _task ??= StartVerifying();
        }
    }

    /// <summary>
    /// Throws if damage has been found so far, or if another program has cut the file short or written to it; never
    /// waits.
    /// </summary>
    /// <exception cref="ModelFileException">
    /// A tensor's bytes do not have the digest that the file states, there are fewer bytes than there were, or others.
    /// </exception>
    public void ThrowIfDamaged()
    {
        _file.RequireUnchanged();
        if (_task is { IsFaulted: true } task)
        {
            task.GetAwaiter().GetResult();
        }
    }

    /// <summary>Waits until every digest has been compared.</summary>
    /// <param name="cancellation">Ends the waiting, not the verification.</param>
    /// <exception cref="ModelFileException">A tensor's bytes do not have the digest that the file states.</exception>
    /// <exception cref="ObjectDisposedException">Disposed before every digest had been compared.</exception>
    /// <exception cref="OperationCanceledException">Stopped by <paramref name="cancellation"/>.</exception>
    public void Wait(CancellationToken cancellation = default)
    {
        Start();
        _task!.WaitAsync(cancellation).GetAwaiter().GetResult();
        ObjectDisposedException.ThrowIf(_wasStopped, this);
    }

    /// <summary>Stops verifying, in the middle of a tensor if need be.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        _stop.Cancel();
        if (_task is { } task)
        {
            ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
        }

        _stop.Dispose();
    }

    private Task StartVerifying()
    {
        try
        {
            return Task.Factory.StartNew(
                Verify, CancellationToken.None, TaskCreationOptions.LongRunning, _scheduler);
        }
        catch (TaskSchedulerException)
        {
            // No thread is to be had. An answer that takes longer is better than none.
            Task task = new(Verify);
            task.RunSynchronously(TaskScheduler.Default);
            return task;
        }
    }

    private void Verify()
    {
        if (!_file.HasDigests)
        {
            return;
        }

        try
        {
            foreach (GgufTensor tensor in _file.Tensors)
            {
                _file.VerifyTensor(tensor, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed of; only who waits is told.
            _wasStopped = true;
        }
    }
}
