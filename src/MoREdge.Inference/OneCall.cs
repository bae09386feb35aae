namespace MoREdge.Inference;

/// <summary>Lets one call in at a time: a second one is refused instead of mixing up what the first is at.</summary>
/// <param name="owner">What the exception names, such as "session".</param>
internal sealed class OneCall(string owner)
{
    private bool _isUnderWay;

    /// <summary>Begins a call, which ends when the returned value is disposed.</summary>
    /// <exception cref="InvalidOperationException">One is under way.</exception>
    public Use Begin() => Interlocked.Exchange(ref _isUnderWay, true)
        ? throw new InvalidOperationException(
            $"The {owner} is answering: neither its receivers nor other threads can use it.")
        : new Use(this);

    /// <summary>A call under way.</summary>
    public readonly ref struct Use(OneCall call) : IDisposable
    {
        /// <summary>Ends the call.</summary>
        public void Dispose() => Volatile.Write(ref call._isUnderWay, false);
    }
}
