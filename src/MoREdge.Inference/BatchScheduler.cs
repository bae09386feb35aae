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
/// One thread runs it, by <see cref="Run"/> or <see cref="Step"/>; every thread may submit, cancel and dispose. A
/// request that is cancelled, or whose receiver throws, ends by itself between two ticks.
/// </remarks>
public sealed class BatchScheduler : IDisposable
{
    private readonly DecoderModel _network;
    private readonly Tokenizer? _tokenizer;
    private readonly IntegrityCheck? _integrity;
    private readonly SequenceBatch _batch;
    private readonly long _kvBytesMax;
    private readonly BatchQueue _waiting;
    private readonly List<BatchAnswer> _running = [];
    private readonly CancellationTokenRegistration _onModelGone;

    /// <summary>Held by whoever works on the batch: nobody frees what a tick reads.</summary>
    private readonly Lock _turn = new();
    private bool _isInTick;

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
        _waiting = new BatchQueue(options.WaitingMax);
        _batch = network.CreateBatch(sequence, options.Limits);
        _onModelGone = network.Disposed.Register(_waiting.StayAwake);
    }

    /// <summary>Most tokens of one request, prompt and answer together.</summary>
    public int ContextLength => _batch.ContextLength;

    /// <summary>Requests that have not begun.</summary>
    public int WaitingCount => _waiting.Count;

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
        _waiting.Add(answer);
        return answer;
    }

    /// <summary>
    /// Works until every request has ended. When cancelled it returns after the current tick and leaves the requests as
    /// they are: another call goes on. It also returns when the scheduler is disposed meanwhile.
    /// </summary>
    /// <exception cref="ModelFileException">
    /// The background verification found damage, or another program has changed the file; every request has ended.
    /// </exception>
    /// <exception cref="InvalidOperationException">A receiver called it.</exception>
    /// <exception cref="ObjectDisposedException">
    /// The scheduler had been disposed; or its model has been, and every request has ended with this exception.
    /// </exception>
    public void Run(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_waiting.IsClosed, this);
        while (!cancellation.IsCancellationRequested && TakeTurn())
        {
        }
    }

    /// <summary>
    /// Waits until there is a request to work for, or the model has been disposed, as the next tick will say.
    /// </summary>
    /// <exception cref="OperationCanceledException">Stopped by <paramref name="cancellation"/>.</exception>
    /// <exception cref="ObjectDisposedException">The scheduler has been disposed, before or meanwhile.</exception>
    public void WaitForWork(CancellationToken cancellation) => _waiting.WaitForWork(cancellation);

    /// <summary>
    /// One tick: takes cancelled requests out, lets waiting ones in, and takes every answer on.
    /// </summary>
    /// <returns>False when there was nothing to do.</returns>
    /// <exception cref="ModelFileException">
    /// The background verification found damage, or another program has changed the file; every request has ended.
    /// </exception>
    /// <exception cref="InvalidOperationException">A receiver called it.</exception>
    /// <exception cref="ObjectDisposedException">
    /// The scheduler has been disposed; or its model has been, and every request has ended with this exception.
    /// </exception>
    public bool Step()
    {
        ObjectDisposedException.ThrowIf(_waiting.IsClosed, this);
        return TakeTurn();
    }

    /// <summary>
    /// Ends every request as cancelled and frees the batch, behind the tick under way if there is one. A receiver that
    /// calls it ends the batch with the tick that called the receiver. No receiver is called behind that.
    /// </summary>
    public void Dispose()
    {
        if (!_waiting.Close())
        {
            return;
        }

        lock (_turn)
        {
            if (!_isInTick)
            {
                Free();
            }
        }
    }

    /// <summary>One tick; none once the scheduler has been disposed.</summary>
    private bool TakeTurn()
    {
        lock (_turn)
        {
            if (_isInTick)
            {
                throw new InvalidOperationException("A receiver cannot run the batch that calls it.");
            }

            if (_waiting.IsClosed)
            {
                return false;
            }

            _isInTick = true;
            try
            {
                return RunTick() && !_waiting.IsClosed;
            }
            finally
            {
                _isInTick = false;
                if (_waiting.IsClosed)
                {
                    Free();
                }
            }
        }
    }

    private bool RunTick()
    {
        try
        {
            ObjectDisposedException.ThrowIf(_network.Disposed.IsCancellationRequested, _network);
            return Work();
        }
        catch (Exception failure) when (failure is ObjectDisposedException or ModelFileException)
        {
            // Nobody can go on without the model: who waits for an answer is told, not only who runs the batch.
            EndAll(answer => answer.Fail(failure));
            throw;
        }
    }

    private bool Work()
    {
        EndCancelled();
        Admit();
        if (_running.Count == 0)
        {
            return _waiting.HasWaiting(runningCount: 0);
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
        return _waiting.HasWaiting(_running.Count) || _running.Count > 0;
    }

    private void Free()
    {
        // Perhaps on a thread that receivers do not expect.
        EndAll(answer => answer.EndUnheard(_network));
        _onModelGone.Dispose();
        _batch.Dispose();
        _waiting.Dispose();
    }

    private void EndCancelled()
    {
        _waiting.EndCancelled(_network);
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
        while (_batch.SequenceCount < _batch.SequencesMax && _waiting.Take(_kvBytesMax - KvBytesReserved) is { } answer)
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

                answer.Leave();
                answer.Fail(failure);
                continue;
            }

            KvBytesReserved += answer.KvBytes;
            _running.Add(answer);
        }
    }

    private void CheckIntegrity()
    {
        if (_running.Exists(answer => answer.IsDecoding))
        {
            _integrity?.Start();
        }

        _integrity?.ThrowIfDamaged();
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
                answer.Leave();
                KvBytesReserved -= answer.KvBytes;
                _running.RemoveAt(i);
            }
        }
    }

    private void EndAll(Action<BatchAnswer> end)
    {
        _waiting.EndAll(end);
        _running.ForEach(end);
        RemoveCompleted();
    }
}
