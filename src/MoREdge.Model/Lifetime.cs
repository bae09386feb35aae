namespace MoREdge.Model;

/// <summary>
/// Counts the calls at work in what an object owns, so that any thread may dispose of the object meanwhile: from then
/// on no call begins, and the last one under way frees. A call costs two interlocked operations. What a SafeHandle does
/// for one handle.
/// </summary>
/// <param name="owner">Whom exceptions name.</param>
/// <param name="free">Called once, on the thread that ends the last call or that disposes.</param>
/// <param name="beneath">What the owner's calls work in, too; null for nothing else.</param>
internal sealed class Lifetime(object owner, Action free, Lifetime? beneath = null) : IDisposable
{
    private const int Disposed = 1;

    /// <summary>What a call adds to the state, above the flag.</summary>
    private const int Call = 2;

    private int _state;

    /// <summary>Begins a call, which ends when the returned value is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The owner, or what lies beneath, has been disposed.</exception>
    public Use Enter()
    {
        beneath?.Begin();
        try
        {
            Begin();
        }
        catch (ObjectDisposedException)
        {
            beneath?.End();
            throw;
        }

        return new Use(this, beneath);
    }

    /// <summary>Begins a call that needs nothing of what lies beneath.</summary>
    /// <exception cref="ObjectDisposedException">The owner has been disposed.</exception>
    public Use EnterAlone()
    {
        Begin();
        return new Use(this, null);
    }

    /// <summary>The same, to be ended at any time and on any thread.</summary>
    /// <exception cref="ObjectDisposedException">The owner has been disposed.</exception>
    public IDisposable Hold()
    {
        Begin();
        return new Held(this);
    }

    /// <summary>Throws once the owner, or what lies beneath, has been disposed.</summary>
    /// <exception cref="ObjectDisposedException">It has been.</exception>
    public void ThrowIfDisposed()
    {
        ObjectDisposedException.ThrowIf((Volatile.Read(ref _state) & Disposed) != 0, owner);
        beneath?.ThrowIfDisposed();
    }

    /// <summary>Lets no further call begin, and frees unless one is under way.</summary>
    public void Dispose()
    {
        if (Interlocked.Or(ref _state, Disposed) == 0)
        {
            free();
        }
    }

    private void Begin()
    {
        int state = Volatile.Read(ref _state);
        while (true)
        {
            ObjectDisposedException.ThrowIf((state & Disposed) != 0, owner);
            int seen = Interlocked.CompareExchange(ref _state, state + Call, state);
            if (seen == state)
            {
                return;
            }

            state = seen;
        }
    }

    private void End()
    {
        if (Interlocked.Add(ref _state, -Call) == Disposed)
        {
            free();
        }
    }

    /// <summary>A call under way.</summary>
    public readonly ref struct Use(Lifetime lifetime, Lifetime? beneath) : IDisposable
    {
        /// <summary>Ends the call; once.</summary>
        public void Dispose()
        {
            lifetime.End();
            beneath?.End();
        }
    }

    private sealed class Held(Lifetime lifetime) : IDisposable
    {
        private Lifetime? _lifetime = lifetime;

        public void Dispose() => Interlocked.Exchange(ref _lifetime, null)?.End();
    }
}
