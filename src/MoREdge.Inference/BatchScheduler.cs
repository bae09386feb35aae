using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tokenization;

namespace MoREdge.Inference;

/// <summary>
/// Answers many requests side by side, with one pass over the weights for all of them. First come, first served: as
/// soon as an answer ends, the next request takes its place; one whose keys and values do not fit yet waits, and nobody
/// overtakes it. Decoded tokens never wait for prompts: rows of a tick are kept for them, and prompts share the others.
/// Every answer is bit for bit what it would be alone, whatever runs beside it.
/// </summary>
/// <remarks>
/// One thread runs it, by <see cref="Run"/> or <see cref="Step"/>; every thread may submit and cancel. A request that
/// is cancelled, or whose receiver throws, ends by itself between two ticks.
/// </remarks>
public sealed class BatchScheduler : IDisposable
{
    private readonly DecoderModel _network;
    private readonly Tokenizer? _tokenizer;
    private readonly IntegrityCheck? _integrity;
    private readonly SequenceBatch _batch;
    private readonly long _kvBytesMax;
    private readonly int _waitingMax;
    private readonly Lock _gate = new();
    private readonly List<BatchAnswer> _waiting = [];
    private readonly List<BatchAnswer> _running = [];
    private readonly ManualResetEventSlim _hasWork = new();
    private bool _isDisposed;

    /// <summary>
    /// Makes an empty batch over a network without a tokenizer: tokens have no text, and none ends an answer.
    /// </summary>
    /// <param name="network">The network, which must outlive the scheduler.</param>
    /// <param name="sequence">How sequences are run.</param>
    /// <param name="options">The limits.</param>
    /// <exception cref="ArgumentException">An option does not fit the model or is not for batches.</exception>
    public BatchScheduler(DecoderModel network, SequenceOptions sequence, BatchSchedulerOptions options)
        : this(network, null, null, sequence, options)
    {
    }

    internal BatchScheduler(
        DecoderModel network,
        Tokenizer? tokenizer,
        IntegrityCheck? integrity,
        SequenceOptions sequence,
        BatchSchedulerOptions options)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(options);
        _network = network;
        _tokenizer = tokenizer;
        _integrity = integrity;
        if (options.WaitingMax < 1)
        {
            throw new ArgumentException("At least one request must be allowed to wait.");
        }

        _kvBytesMax = options.KvBytesMax ?? long.MaxValue;
        _waitingMax = options.WaitingMax;
        _batch = network.CreateBatch(sequence, options.Limits);
    }

    /// <summary>Most tokens of one request, prompt and answer together.</summary>
    public int ContextLength => _batch.ContextLength;

    /// <summary>Requests that have not begun.</summary>
    public int WaitingCount
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Requests in the batch; for the thread that runs it.</summary>
    public int RunningCount => _running.Count;

    /// <summary>Bytes of keys and values reserved for them; for the thread that runs the batch.</summary>
    public long KvBytesReserved { get; private set; }

    /// <summary>Queues a request. Everything that is wrong with it is said here.</summary>
    /// <exception cref="ArgumentException">
    /// An empty prompt, an id outside the vocabulary, or an option out of range.
    /// </exception>
    /// <exception cref="InferenceException">
    /// The prompt is longer than the context, the request can never fit the memory for keys and values, it asks for
    /// text and the model has no tokenizer, or too many requests are waiting.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The scheduler has been disposed.</exception>
    public BatchAnswer Submit(BatchRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Sampler.Validate();
        request.Options.Validate();
        _network.CheckIds(request.Prompt.Span);
        InferenceException.ThrowIfTooLong(request.Prompt.Length, ContextLength);
        if (_tokenizer is null && (request.OnText is not null || request.Options.StopStrings.Count > 0))
        {
            throw new InferenceException(
                InferenceError.NoTokenizer, "The model has no tokenizer, so its answers have no text.");
        }

        // The last token of an answer is shown and not fed back.
        long answerTokens = Math.Max((request.Options.TokenLimit ?? ContextLength) - 1L, 0);
        int tokensMax = (int)Math.Min(request.Prompt.Length + answerTokens, ContextLength);
        _batch.CheckSequence(tokensMax, request.DepthMax);
        long kvBytes = _batch.KvBytes(tokensMax);
        if (kvBytes > _kvBytesMax)
        {
            throw new InferenceException(
                InferenceError.RequestTooLarge,
                $"The request needs {kvBytes} bytes of keys and values for its {tokensMax} tokens, but the batch may "
                + $"hold {_kvBytesMax} in all; ask for a shorter text.");
        }

        BatchAnswer answer = new(request, tokensMax, kvBytes);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_waiting.Count >= _waitingMax)
            {
                throw new InferenceException(
                    InferenceError.QueueFull, $"{_waiting.Count} requests are waiting already; try again later.");
            }

            _waiting.Add(answer);
            _hasWork.Set();
        }

        return answer;
    }

    /// <summary>
    /// Works until every request has ended. When cancelled it returns after the current tick and leaves the requests as
    /// they are: another call goes on.
    /// </summary>
    /// <exception cref="ModelFileException">
    /// The background verification found damage; every request has ended.
    /// </exception>
    public void Run(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested && Step())
        {
        }
    }

    /// <summary>Waits until there is a request to work for.</summary>
    /// <exception cref="OperationCanceledException">Stopped by <paramref name="cancellation"/>.</exception>
    public void WaitForWork(CancellationToken cancellation) => _hasWork.Wait(cancellation);

    /// <summary>
    /// One tick: takes cancelled requests out, lets waiting ones in, and takes every answer on.
    /// </summary>
    /// <returns>False when there was nothing to do.</returns>
    /// <exception cref="ModelFileException">
    /// The background verification found damage; every request has ended.
    /// </exception>
    public bool Step()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        EndCancelled();
        Admit();
        if (_running.Count == 0)
        {
            return HasWaiting();
        }

        CheckIntegrity();
        foreach (BatchAnswer answer in _running)
        {
            Feed(answer);
        }

        RemoveCompleted();
        _batch.Tick();
        foreach (BatchAnswer answer in _running)
        {
            Advance(answer);
        }

        RemoveCompleted();
        return _running.Count > 0 || HasWaiting();
    }

    /// <summary>Ends every request as cancelled and frees the batch.</summary>
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

        EndAll(answer => answer.EndCancelled(_network));
        _batch.Dispose();
        _hasWork.Dispose();
    }

    private bool HasWaiting()
    {
        lock (_gate)
        {
            if (_waiting.Count == 0 && _running.Count == 0)
            {
                _hasWork.Reset();
            }

            return _waiting.Count > 0;
        }
    }

    private void EndCancelled()
    {
        lock (_gate)
        {
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                if (_waiting[i].IsCancelled)
                {
                    _waiting[i].EndCancelled(_network);
                    _waiting.RemoveAt(i);
                }
            }
        }

        foreach (BatchAnswer answer in _running)
        {
            if (answer.IsCancelled)
            {
                answer.EndCancelled(_network);
            }
        }

        RemoveCompleted();
    }

    private void Admit()
    {
        while (_batch.SequenceCount < _batch.SequencesMax && TakeWaiting() is { } answer)
        {
            BatchSequence? sequence = null;
            try
            {
                sequence = _batch.Add(answer.TokensMax, answer.DepthMax);
                answer.Start(sequence, _network, _tokenizer);
            }
            catch (OutOfMemoryException failure)
            {
                if (sequence is not null)
                {
                    _batch.Remove(sequence);
                }

                answer.Fail(failure);
                continue;
            }

            KvBytesReserved += answer.KvBytes;
            _running.Add(answer);
        }
    }

    /// <summary>The first waiting request, if its keys and values fit.</summary>
    private BatchAnswer? TakeWaiting()
    {
        lock (_gate)
        {
            if (_waiting.Count == 0 || _waiting[0].KvBytes > _kvBytesMax - KvBytesReserved)
            {
                return null;
            }

            BatchAnswer first = _waiting[0];
            _waiting.RemoveAt(0);
            return first;
        }
    }

    private void CheckIntegrity()
    {
        if (_integrity is null || !_running.Exists(answer => answer.IsDecoding))
        {
            return;
        }

        try
        {
            _integrity.Start();
            _integrity.ThrowIfDamaged();
        }
        catch (ModelFileException damage)
        {
            EndAll(answer => answer.Fail(damage));
            throw;
        }
    }

    /// <summary>Feeds an answer's next token, and more as long as drafts have computed them already.</summary>
    private void Feed(BatchAnswer answer)
    {
        while (!answer.IsCompleted && !answer.Sequence!.IsUnderWay)
        {
            answer.Feed(_batch);
            if (!answer.IsFed)
            {
                return;
            }

            Advance(answer);
        }
    }

    /// <summary>Takes what has left the network.</summary>
    private void Advance(BatchAnswer answer)
    {
        if (answer.Sequence!.IsUnderWay || !answer.IsFed)
        {
            return;
        }

        try
        {
            answer.Advance(_batch);
        }
        catch (InferenceException failure)
        {
            answer.Fail(failure);
        }
    }

    private void RemoveCompleted()
    {
        for (int i = _running.Count - 1; i >= 0; i--)
        {
            BatchAnswer answer = _running[i];
            if (answer.IsCompleted)
            {
                _batch.Remove(answer.Sequence!);
                KvBytesReserved -= answer.KvBytes;
                _running.RemoveAt(i);
            }
        }
    }

    private void EndAll(Action<BatchAnswer> end)
    {
        lock (_gate)
        {
            _waiting.ForEach(end);
            _waiting.Clear();
        }

        _running.ForEach(end);
        RemoveCompleted();
    }
}
