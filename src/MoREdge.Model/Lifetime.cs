namespace MoREdge.Model;

/// <summary>
/// Counts the calls at work in what an object owns, so that any thread may dispose of the object meanwhile: from then
/// on no call begins, and the last one under way frees. A call costs two interlocked operations. What a SafeHandle does
/// for one handle. The same two find out when a second call begins in what serves one at a time.
/// </summary>
/// <param name="owner">Whom exceptions name.</param>
/// <param name="free">Called once, on the thread that ends the last call or that disposes.</param>
/// <param name="beneath">What the owner's calls work in, too; null for nothing else.</param>
internal sealed class Lifetime(object owner, Action free, Lifetime? beneath = null) : IDisposable
{
    private const int Disposed = 1;

    /// <summary>Set while a call is under way that nobody may share.</summary>
    private const int Occupied = 2;

    /// <summary>What a call adds to the state, above the flags.</summary>
    private const int Call = 4;

    private int _state;

    /// <summary>Begins a call, which ends when the returned value is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The owner, or what lies beneath, has been disposed.</exception>
    public Use Enter() => Enter(Call);

    /// <summary>Begins a call beside which no other of this kind may begin.</summary>
    /// <exception cref="InvalidOperationException">One is under way.</exception>
    /// <exception cref="ObjectDisposedException">The owner, or what lies beneath, has been disposed.</exception>
    public Use Occupy() => Enter(Call | Occupied);

    /// <summary>Begins a call that needs nothing of what lies beneath.</summary>
    /// <exception cref="ObjectDisposedException">The owner has been disposed.</exception>
    public Use EnterAlone()
    {
        Begin(Call);
        return new Use(this, Call, null);
    }

    /// <summary>The same beside which no other may begin that <see cref="Occupy"/> or this has begun.</summary>
    /// <exception cref="InvalidOperationException">One is under way.</exception>
    /// <exception cref="ObjectDisposedException">The owner has been disposed.</exception>
    public Use OccupyAlone()
    {
        Begin(Call | Occupied);
        return new Use(this, Call | Occupied, null);
    }

    /// <summary>A call that shares, to be ended at any time and on any thread.</summary>
    /// <exception cref="ObjectDisposedException">The owner has been disposed.</exception>
    public IDisposable Hold()
    {
        Begin(Call);
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

    private Use Enter(int taken)
    {
        beneath?.Begin(Call);
        try
        {
            Begin(taken);
        }
        catch (InvalidOperationException)
        {
            // Disposed of, which is one of these, or occupied.
            beneath?.End(Call);
            throw;
        }

        return new Use(this, taken, beneath);
    }

    private void Begin(int taken)
    {
        int state = Volatile.Read(ref _state);
        while (true)
        {
            ObjectDisposedException.ThrowIf((state & Disposed) != 0, owner);
            if ((state & taken & Occupied) != 0)
            {
                throw new InvalidOperationException(
                    $"The {owner.GetType().Name} is at work: neither its receivers nor other threads can use it.");
            }

            int seen = Interlocked.CompareExchange(ref _state, state + taken, state);
            if (seen == state)
            {
                return;
            }

            state = seen;
        }
    }

    private void End(int taken)
    {
        if (Interlocked.Add(ref _state, -taken) == Disposed)
        {
            free();
        }
    }

    /// <summary>A call under way.</summary>
    public readonly ref struct Use(Lifetime lifetime, int taken, Lifetime? beneath) : IDisposable
    {
        /// <summary>Ends the call; once.</summary>
        public void Dispose()
        {
            lifetime.End(taken);
            beneath?.End(Call);
        }
    }

    private sealed class Held(Lifetime lifetime) : IDisposable
    {
        private Lifetime? _lifetime = lifetime;

        public void Dispose() => Interlocked.Exchange(ref _lifetime, null)?.End(Call);
    }
}
