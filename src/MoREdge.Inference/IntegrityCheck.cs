using System.Threading.Tasks;
using MoREdge.ModelFile;

namespace MoREdge.Inference;

/// <summary>
/// Verifies the digests of a model file in the background, so that a damaged file is named instead of babbling, without
/// making the first token wait. Files up to <see cref="ForegroundBytesMax"/> take milliseconds and are verified at
/// once.
/// </summary>
public sealed class IntegrityCheck : IDisposable
{
    /// <summary>About 10 ms of hashing at 3 GB/s.</summary>
    public const long ForegroundBytesMax = 32_000_000;

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _task;

    /// <summary>Starts to verify <paramref name="file"/>, which must stay open until this is disposed.</summary>
    /// <exception cref="ModelFileException">A small file is damaged.</exception>
    public IntegrityCheck(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!file.HasDigests || file.FileBytes <= ForegroundBytesMax)
        {
            Verify(file);
            _task = Task.CompletedTask;
        }
        else
        {
            _task = Task.Factory.StartNew(
                () => Verify(file), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    /// <summary>True once every digest has been compared.</summary>
    public bool IsComplete => _task.IsCompleted;

    /// <summary>Throws if damage has been found so far; never waits.</summary>
    /// <exception cref="ModelFileException">A tensor's bytes do not have the digest that the file states.</exception>
    public void ThrowIfDamaged()
    {
        if (_task.IsFaulted)
        {
            _task.GetAwaiter().GetResult();
        }
    }

    /// <summary>Waits until every digest has been compared.</summary>
    /// <exception cref="ModelFileException">A tensor's bytes do not have the digest that the file states.</exception>
    public void Wait() => _task.GetAwaiter().GetResult();

    /// <summary>Stops verifying.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        ((IAsyncResult)_task).AsyncWaitHandle.WaitOne();
        _stop.Dispose();
    }

    private void Verify(GgufFile file)
    {
        if (!file.HasDigests)
        {
            return;
        }

        foreach (GgufTensor tensor in file.Tensors)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            file.VerifyTensor(tensor);
        }
    }
}
