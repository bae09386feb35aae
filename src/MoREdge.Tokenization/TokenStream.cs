using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace MoREdge.Tokenization;

/// <summary>Turns ids into text one by one and holds back a character until all its bytes are there.</summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is a stream of tokens; no System.IO.Stream is meant.")]
public sealed class TokenStream
{
    // The longest incomplete UTF-8 sequence has three bytes.
    private const int PendingBytesMax = 3;

    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecial;
    private readonly StringBuilder _text = new();
    private byte[] _bytes = new byte[64];
    private int _pending;
    private bool _stripSpace;

    /// <summary>Starts a stream.</summary>
    /// <param name="tokenizer">The tokenizer whose ids will come.</param>
    /// <param name="skipSpecial">Whether control and unknown tokens are left out.</param>
    /// <param name="startsText">Whether the ids start a text: only then is the space that a SentencePiece encoder
    /// puts in
    /// front taken away. Pass false to continue a prompt.</param>
    public TokenStream(Tokenizer tokenizer, bool skipSpecial = true, bool startsText = true)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
        _skipSpecial = skipSpecial;
        TokenizerDefinition definition = tokenizer.Definition;
        _stripSpace = startsText && definition.AddSpacePrefix
            && definition.Algorithm == TokenizerAlgorithm.SentencePieceBpe;
    }

    /// <summary>Takes one id and returns the text that is complete now; it may be empty.</summary>
    /// <param name="id">A token id.</param>
    /// <exception cref="TokenizerException">The id lies outside the vocabulary.</exception>
    public string Append(int id)
    {
        ReadOnlySpan<byte> token = Next(id);
        if (_bytes.Length < _pending + token.Length)
        {
            _bytes = [.. _bytes.AsSpan(0, _pending), .. new byte[token.Length + PendingBytesMax]];
        }

        token.CopyTo(_bytes.AsSpan(_pending));
        return Drain(_pending + token.Length, isLast: false);
    }

    /// <summary>Ends the text: a character whose bytes never came becomes U+FFFD.</summary>
    public string Flush() => Drain(_pending, isLast: true);

    /// <summary>What a token adds to the text; its bytes need not be whole characters.</summary>
    /// <exception cref="TokenizerException">The id lies outside the vocabulary.</exception>
    internal ReadOnlySpan<byte> Next(int id)
    {
        ReadOnlySpan<byte> token = _tokenizer.DecodeBytes(id);
        if (_skipSpecial && _tokenizer.IsSpecial(id))
        {
            return [];
        }

        if (_tokenizer.TakesSpace(id) && id != _tokenizer.Definition.UnknownId)
        {
            // The unknown token, too, where its spelling was found; but mostly it stands for something else.
            token = (byte[])[(byte)' ', .. token];
        }

        if (_stripSpace && !token.IsEmpty)
        {
            token = token[0] == ' ' ? token[1..] : token;
            _stripSpace = false;
        }

        return token;
    }

    private string Drain(int count, bool isLast)
    {
        ReadOnlySpan<byte> rest = _bytes.AsSpan(0, count);
        _text.Clear();
        Span<char> units = stackalloc char[2];
        while (!rest.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(rest, out Rune rune, out int length);
            if (status == OperationStatus.NeedMoreData && !isLast)
            {
                break;
            }

            // A fault decodes to U+FFFD and consumes the longest start of a valid sequence, as browsers do.
            _text.Append(units[..rune.EncodeToUtf16(units)]);
            rest = rest[length..];
        }

        _pending = rest.Length;
        rest.CopyTo(_bytes);
        return _text.ToString();
    }
}
