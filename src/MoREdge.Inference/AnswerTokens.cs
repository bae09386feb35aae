using MoREdge.Tokenization;

namespace MoREdge.Inference;

/// <summary>The tokens of one answer: chooses them, says what ends it, and passes their text on.</summary>
internal sealed class AnswerTokens
{
    private readonly Sampler _sampler;
    private readonly GenerationOptions _options;
    private readonly Tokenizer? _tokenizer;
    private readonly TokenStream? _stream;
    private readonly StopStrings _stops;
    private readonly Action<string>? _onText;

    /// <param name="tokenizer">Null where there is none: then no token ends the answer and none has a text.</param>
    /// <param name="sampler">Chooses.</param>
    /// <param name="options">Limits and stop strings.</param>
    /// <param name="startsText">Whether the answer begins its text.</param>
    /// <param name="onText">Receives whole characters; null where nobody wants them.</param>
    public AnswerTokens(
        Tokenizer? tokenizer, Sampler sampler, GenerationOptions options, bool startsText, Action<string>? onText)
    {
        bool hasText = onText is not null || options.StopStrings.Count > 0;
        _tokenizer = tokenizer;
        _sampler = sampler;
        _options = options;
        _stream = hasText && tokenizer is not null ? new TokenStream(tokenizer, skipSpecial: true, startsText) : null;
        _stops = new StopStrings(options.StopStrings);
        _onText = onText;
    }

    /// <summary>Tokens chosen, the end token included.</summary>
    public int Count { get; private set; }

    /// <summary>True when no token may be chosen at all.</summary>
    public bool IsEmpty => _options.TokenLimit == 0;

    /// <summary>The next token.</summary>
    /// <param name="logits">Logits behind the last token (at least the tokenizer's vocabulary).</param>
    /// <exception cref="InferenceException">The chosen logit is not a finite number.</exception>
    public int Choose(ReadOnlySpan<float> logits)
    {
        int id = _sampler.Choose(logits[..(_tokenizer?.VocabSize ?? logits.Length)]);
        if (!float.IsFinite(logits[id]))
        {
            throw new InferenceException(
                InferenceError.NotANumber,
                "The model produced a value that is not a finite number; its file is damaged or converted wrongly.");
        }

        _sampler.Accept(id);
        Count++;
        return id;
    }

    /// <summary>Shows the text of a chosen token and says why the answer ends with it, if it does.</summary>
    /// <param name="id">The token.</param>
    /// <param name="isContextFull">Whether there is no room for it in the context.</param>
    public StopReason? Take(int id, bool isContextFull)
    {
        if (!_options.IgnoreEndOfSequence && _tokenizer is not null && _tokenizer.IsEndOfSequence(id))
        {
            return StopReason.EndOfSequence;
        }

        Show(_stream?.Append(id) ?? "");
        return _stops.IsHit ? StopReason.StopString
            : Count >= _options.TokenLimit ? StopReason.TokenLimit
            : isContextFull ? StopReason.ContextFull
            : null;
    }

    /// <summary>Shows what was held back.</summary>
    public void Finish()
    {
        Show(_stream?.Flush() ?? "");
        PassOn(_stops.Flush());
    }

    private void Show(string text) => PassOn(_stops.Push(text));

    private void PassOn(string text)
    {
        if (text.Length > 0)
        {
            _onText?.Invoke(text);
        }
    }
}
