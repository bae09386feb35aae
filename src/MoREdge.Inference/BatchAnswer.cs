using System.Threading.Tasks;
using MoREdge.Model;
using MoREdge.Tokenization;

namespace MoREdge.Inference;

/// <summary>A request on its way through a <see cref="BatchScheduler"/>. Its public members are thread-safe.</summary>
public sealed class BatchAnswer
{
    private readonly TaskCompletionSource<GenerationStats> _completion =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly BatchRequest _request;
    private readonly Receiver _receiver;
    private volatile bool _isCancelled;
    private AnswerTokens? _tokens;
    private AnswerMeter? _meter;
    private int _promptTaken;
    private int _nextId;
    private bool _hasPrompt;

    internal BatchAnswer(BatchRequest request, int tokensMax, long kvBytes)
    {
        _request = request;
        _receiver = new Receiver(request);
        Seed = request.Sampler.Seed ?? Sampler.DrawSeed();
        TokensMax = tokensMax;
        KvBytes = kvBytes;
    }

    /// <summary>
    /// Ends with the statistics of the answer, also of a cancelled one, or with the exception that ended it. Wait for
    /// it on another thread than the one that runs the batch.
    /// </summary>
    public Task<GenerationStats> Completion => _completion.Task;

    /// <summary>True when it has ended.</summary>
    public bool IsCompleted => _completion.Task.IsCompleted;

    /// <summary>The seed of its sampler, so that it can be repeated.</summary>
    public ulong Seed { get; }

    /// <summary>Bytes of keys and values that are reserved for it while it runs.</summary>
    public long KvBytes { get; }

    /// <summary>Most tokens it may store.</summary>
    internal int TokensMax { get; }

    /// <summary>Its place in the batch; null while it waits, and when it has left.</summary>
    internal BatchSequence? Sequence { get; private set; }

    internal bool IsCancelled => _isCancelled || _request.Cancellation.IsCancellationRequested;

    internal int? DepthMax => _request.DepthMax;

    /// <summary>True when tokens were fed whose result <see cref="Advance"/> has not seen.</summary>
    internal bool IsFed { get; private set; }

    /// <summary>True when a token of the answer, and not the prompt, is fed next.</summary>
    internal bool IsDecoding => _hasPrompt;

    /// <summary>Ends the request before the next tick, which shows text held back for stop strings.</summary>
    public void Cancel() => _isCancelled = true;

    internal void Start(BatchSequence sequence, DecoderModel network, Tokenizer? tokenizer)
    {
        Sequence = sequence;
        sequence.DraftOverride = _request.DraftOverride is null ? null : _receiver.Draft;
        ReadOnlySpan<int> prompt = _request.Prompt.Span;
        Sampler sampler = new(_request.Sampler with { Seed = Seed }, tokenizer?.VocabSize ?? network.Config.VocabSize);
        foreach (int id in prompt)
        {
            sampler.Accept(id);
        }

        _tokens = new AnswerTokens(
            tokenizer, sampler, _request.Options, _request.StartsText,
            _request.OnText is null ? null : _receiver.Text);
        _meter = new AnswerMeter(network, sequence.Depths, sequence.KvPolicy);
    }

    /// <summary>Feeds what comes next, or as much of the prompt as this tick has room for.</summary>
    internal void Feed(SequenceBatch batch)
    {
        ReadOnlySpan<int> ids = _hasPrompt ? new(in _nextId) : _request.Prompt.Span[_promptTaken..];
        int taken = batch.Feed(Sequence!, ids);
        _promptTaken += _hasPrompt ? 0 : taken;
        IsFed = taken > 0;
    }

    /// <summary>Tokens have left the network: chooses the next one, and ends the answer where something does.</summary>
    internal void Advance(SequenceBatch batch)
    {
        IsFed = false;
        if (_hasPrompt)
        {
            _meter!.CountDecoded();
        }
        else
        {
            _receiver.Progress(_promptTaken);
            if (_promptTaken < _request.Prompt.Length)
            {
                EndIfReceiverFailed();
                return;
            }

            _hasPrompt = true;
            _meter!.EndPrompt(_promptTaken);
        }

        StopReason? reason = _tokens!.IsEmpty ? StopReason.TokenLimit : Choose(batch);
        if (reason is not null)
        {
            _tokens.Finish();
        }

        if (!EndIfReceiverFailed() && reason is { } ended)
        {
            Complete(_meter, ended);
        }
    }

    /// <summary>Ends it as cancelled, waiting or running, behind the text that it has held back.</summary>
    internal void EndCancelled(DecoderModel network)
    {
        _tokens?.Finish();
        if (!EndIfReceiverFailed())
        {
            EndUnheard(network);
        }
    }

    /// <summary>Ends it as cancelled without a call of a receiver.</summary>
    internal void EndUnheard(DecoderModel network) =>
        Complete(_meter ?? new AnswerMeter(network, depths: null), StopReason.Cancelled);

    /// <summary>Lets go of what it worked with: its owner may keep the answer for long.</summary>
    internal void Leave()
    {
        Sequence = null;
        _tokens = null;
        _meter = null;
    }

    /// <summary>Ends it with a failure.</summary>
    internal void Fail(Exception failure) => _completion.TrySetException(failure);

    private void Complete(AnswerMeter meter, StopReason reason) => _completion.TrySetResult(
        meter.Stats(reason, _tokens?.Count ?? 0, Sequence?.KvBytesUsed ?? 0) with
        {
            Speculation = Sequence?.Speculation ?? default,
        });

    private StopReason? Choose(SequenceBatch batch)
    {
        _nextId = _tokens!.Choose(batch.Logits(Sequence!));
        _receiver.Token(_nextId);
        return _tokens.Take(_nextId, Sequence!.Position >= batch.ContextLength)
            ?? (IsCancelled ? StopReason.Cancelled : null);
    }

    private bool EndIfReceiverFailed()
    {
        if (_receiver.Failure is not { } failure)
        {
            return false;
        }

        Fail(failure);
        return true;
    }
}
