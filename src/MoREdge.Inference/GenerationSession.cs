using System.Diagnostics;
using MoREdge.Model;
using MoREdge.Tokenization;

namespace MoREdge.Inference;

/// <summary>
/// A text in the making: a sequence with its caches, a sampler, and the ids it has seen. One call at a time, whatever
/// thread makes it: one that begins while the session answers is refused. Any thread may dispose of it.
/// </summary>
public sealed class GenerationSession : IDisposable
{
    private readonly LocalModel _model;
    private readonly Sampler _sampler;
    private readonly List<int> _ids = [];
    private readonly OneCall _call = new("session");
    private DepthBudget? _budget;
    private long _latest;

    internal GenerationSession(LocalModel model, Sequence sequence, SamplerOptions sampler)
    {
        _model = model;
        Sequence = sequence;
        // Ids that only the padded embedding has are never chosen.
        _sampler = new Sampler(
            sampler, model.HasTokenizer ? model.Tokenizer.VocabSize : model.Network.Config.VocabSize);
    }

    /// <summary>
    /// The sequence under the session, for its sizes and depths; what changes it otherwise is not for sessions.
    /// </summary>
    public Sequence Sequence { get; }

    /// <summary>
    /// A speed that decoding keeps, at the expense of depth; null for none. It learns from the time of single tokens,
    /// so a session that has one is to go without drafts.
    /// </summary>
    /// <exception cref="ArgumentException">No router decides about the depth of this model's tokens.</exception>
    /// <exception cref="InvalidOperationException">A pass is under way on another thread.</exception>
    public DepthBudget? Budget
    {
        get => _budget;
        set
        {
            // A model whose depth no router decides has no bias to take back.
            if (value is not null || _budget is not null)
            {
                Sequence.DepthBias = value?.Bias ?? 0;
            }

            _budget = value;
        }
    }

    /// <summary>The sampler's seed.</summary>
    public ulong Seed => _sampler.Seed;

    /// <summary>Ids whose keys and values are in the cache.</summary>
    public IReadOnlyList<int> Ids => _ids;

    /// <summary>The model that the ids are of.</summary>
    internal LocalModel Model => _model;

    /// <summary>
    /// The ids of a prompt; an empty one starts from BOS. The spelling of a control token becomes that token. An end
    /// token is never added: the text goes on.
    /// </summary>
    /// <exception cref="InferenceException">No tokenizer, or an empty prompt and no BOS.</exception>
    /// <exception cref="TokenizerException">The prompt is too long.</exception>
    public int[] Encode(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        int[] ids = _model.Tokenizer.EncodePrompt(prompt);
        if (ids.Length > 0)
        {
            return ids;
        }

        int bos = _model.Tokenizer.Definition.BosId;
        return bos >= 0
            ? [bos]
            : throw new InferenceException(
                InferenceError.NoBeginToken,
                "The prompt is empty, and the model has no beginning-of-sequence token to start from.");
    }

    /// <summary>Makes <paramref name="prompt"/> the whole text so far and continues it.</summary>
    /// <param name="prompt">All ids from the beginning; what the cache already holds is not computed again.</param>
    /// <param name="options">Limits and stop strings.</param>
    /// <param name="startsText">
    /// True when the answer begins the text: a SentencePiece answer then drops its leading space.
    /// </param>
    /// <param name="onText">Receives the answer piece by piece, whole characters only.</param>
    /// <param name="cancellation">
    /// Ends the answer, of which the text keeps what was said. A prompt that has not been read to its end is forgotten
    /// again, but where layers with a window have dropped what a token before it would see, what was read of it stays:
    /// <see cref="Ids"/> is the text in any case.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A stop string is empty, the prompt is, an id of it lies outside the vocabulary, or the token limit is below 0;
    /// the text so far is kept.
    /// </exception>
    /// <exception cref="InferenceException">
    /// The prompt is longer than the context, or the model has no tokenizer; the text so far is kept. Or the model
    /// produced a value that is not a finite number.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// A receiver of this session called it, or another thread while the session answers.
    /// </exception>
    /// <exception cref="ModelFile.ModelFileException">
    /// The background verification found damage, or another program has changed the file.
    /// </exception>
    /// <exception cref="ObjectDisposedException">
    /// The session or its model has been disposed, before or meanwhile.
    /// </exception>
    /// <remarks>
    /// What a receiver throws comes out of this call; the text is then what was computed until that moment.
    /// </remarks>
    public GenerationStats Generate(
        ReadOnlySpan<int> prompt,
        GenerationOptions options,
        bool startsText,
        Action<string> onText,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(onText);
        using OneCall.Use call = _call.Begin();
        // The sampler reads the logits between two passes.
        using IDisposable logits = Sequence.Hold();
        return Continue(prompt, options, startsText, onText, cancellation);
    }

    /// <summary>Forgets the text.</summary>
    /// <exception cref="InvalidOperationException">
    /// A receiver of this session called it, or another thread while the session answers.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The session or its model has been disposed.</exception>
    public void Reset()
    {
        using OneCall.Use call = _call.Begin();
        Sequence.Truncate(0);
        Sequence.Depths.Clear();
        _ids.Clear();
    }

    /// <summary>
    /// Frees the sequence. An answer under way on another thread ends with an <see cref="ObjectDisposedException"/>
    /// behind the pass that it is in, and the memory goes then; to keep its statistics, cancel it instead.
    /// </summary>
    public void Dispose() => Sequence.Dispose();

    internal ReadOnlySpan<float> Decode(int id)
    {
        _model.Integrity.Start();
        _model.Integrity.ThrowIfDamaged();
        ReadOnlySpan<float> logits = Sequence.Decode(id);
        _ids.Add(id);
        Observe();
        return logits;
    }

    private GenerationStats Continue(
        ReadOnlySpan<int> prompt,
        GenerationOptions options,
        bool startsText,
        Action<string> onText,
        CancellationToken cancellation)
    {
        options.Validate();
        _model.Network.CheckIds(prompt);
        InferenceException.ThrowIfTooLong(prompt.Length, Sequence.ContextLength);
        Tokenizer tokenizer = _model.Tokenizer;
        _model.Integrity.ThrowIfDamaged();
        int reused = ReuseCache(prompt);
        Sequence.Depths.Clear();
        _sampler.Reset();
        foreach (int id in prompt)
        {
            _sampler.Accept(id);
        }

        SpeculationStatistics before = Sequence.Speculation;
        AnswerTokens tokens = new(tokenizer, _sampler, options, startsText, onText);
        Answer answer = new(this, tokens, new AnswerMeter(_model.Network, Sequence.Depths, Sequence.KvPolicy));
        ReadOnlySpan<int> rest = prompt[reused..];
        GenerationStats stats = Prefill(rest, options, cancellation) is { IsEmpty: false } logits
            ? answer.Run(logits, rest.Length, cancellation)
            : answer.Cancelled();
        return stats with { Speculation = Sequence.Speculation.Since(before) };
    }

    /// <summary>A token's time is that from one to the next: choosing and showing it count, too.</summary>
    private void Observe()
    {
        if (_budget is null)
        {
            return;
        }

        long now = Stopwatch.GetTimestamp();
        double seconds = Stopwatch.GetElapsedTime(_latest, now).TotalSeconds;
        _latest = now;
        _budget.Observe(Sequence.LastDepths[0], seconds, Sequence.RouterDistance);
        SetBias(_budget.Bias);
    }

    /// <summary>
    /// Keeps the longest common beginning of cache and prompt, or as much of it as the sequence can go back to, but
    /// leaves at least one token to compute. Where the tokens of a prompt compete, a part of one is worth nothing.
    /// </summary>
    private int ReuseCache(ReadOnlySpan<int> prompt)
    {
        int common = 0;
        while (common < Math.Min(_ids.Count, prompt.Length - 1) && _ids[common] == prompt[common])
        {
            common++;
        }

        common = Sequence.Truncate(Sequence.IsRanked && common < _ids.Count ? 0 : common);
        _ids.RemoveRange(common, _ids.Count - common);
        return common;
    }

    /// <summary>
    /// The logits behind the prompt; none when cancelled. A budget is for the speed of decoding, and every later token
    /// sees the prompt: it is as deep as the model makes it.
    /// </summary>
    private ReadOnlySpan<float> Prefill(
        ReadOnlySpan<int> ids, GenerationOptions options, CancellationToken cancellation)
    {
        int total = ids.Length;
        Action<int>? progress = options.PromptProgress is { } told ? done => told(done, total) : null;
        SetBias(0);
        try
        {
            ReadOnlySpan<float> logits = Sequence.Prefill(ids, progress, cancellation);
            _latest = Stopwatch.GetTimestamp();
            return logits;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return default;
        }
        finally
        {
            // Layers with a window may have kept the beginning of a prompt that was cancelled, and a receiver that
            // threw has left all that was read.
            _ids.AddRange(ids[..Math.Clamp(Sequence.Position - _ids.Count, 0, total)]);
            SetBias(_budget?.Bias ?? 0);
        }
    }

    private void SetBias(float bias)
    {
        if (_budget is not null)
        {
            Sequence.DepthBias = bias;
        }
    }
}
