using System.Buffers.Binary;
using System.Text;

namespace MoREdge.Tokenization;

/// <summary>
/// Reads the tokenizer file of llama2.c: int32 longest token, then per token float32 score, int32 length, bytes.
/// </summary>
/// <remarks>Source: export of tokenizer.py in karpathy/llama2.c: ids 0, 1, 2 are unknown, begin, end; 3 to 258 are the
/// bytes.</remarks>
public static class Llama2cTokenizer
{
    private const int FirstByteId = 3;
    private const int FirstTextId = FirstByteId + 256;

    /// <summary>Reads a tokenizer from a file.</summary>
    /// <param name="path">The path, such as tok512.bin.</param>
    /// <param name="vocabSize">How many tokens to read; null reads to the end of the file.</param>
    /// <exception cref="TokenizerException">The file is wrong.</exception>
    public static TokenizerDefinition Load(string path, int? vocabSize = null) =>
        Parse(BoundedFile.Read(path), vocabSize);

    /// <summary>Reads a tokenizer from a stream.</summary>
    /// <param name="stream">The file, from its position.</param>
    /// <param name="vocabSize">How many tokens to read; null reads to the end.</param>
    /// <exception cref="TokenizerException">The file is wrong.</exception>
    public static TokenizerDefinition Load(Stream stream, int? vocabSize = null) =>
        Parse(BoundedFile.Read(stream), vocabSize);

    private static TokenizerDefinition Parse(ReadOnlySpan<byte> file, int? vocabSize)
    {
        if (vocabSize is > TokenizerLimits.TokensMax or < 0)
        {
            throw new TokenizerException(
                TokenizerError.VocabularyTooLarge,
                $"A vocabulary of {vocabSize} tokens is not within 0 and {TokenizerLimits.TokensMax}.");
        }

        List<string> tokens = [];
        List<float> scores = [];
        ReadOnlySpan<byte> rest = file;
        Take(ref rest, sizeof(int));
        while (vocabSize is null ? !rest.IsEmpty : tokens.Count < vocabSize)
        {
            float score = BinaryPrimitives.ReadSingleLittleEndian(Take(ref rest, sizeof(float)));
            int length = BinaryPrimitives.ReadInt32LittleEndian(Take(ref rest, sizeof(int)));
            string text = Encoding.UTF8.GetString(Take(ref rest, length));
            tokens.Add(Spelling(tokens.Count, text));
            scores.Add(score);
            if (tokens.Count > TokenizerLimits.TokensMax)
            {
                throw new TokenizerException(
                    TokenizerError.VocabularyTooLarge, $"The file has more than {TokenizerLimits.TokensMax} tokens.");
            }
        }

        if (tokens.Count < FirstTextId)
        {
            throw new TokenizerException(
                TokenizerError.MissingField,
                $"The file has {tokens.Count} tokens; the special ones and the bytes alone are {FirstTextId}.");
        }

        TokenKind[] kinds = new TokenKind[tokens.Count];
        Array.Fill(kinds, TokenKind.Normal);
        kinds[0] = TokenKind.Unknown;
        kinds[1] = kinds[2] = TokenKind.Control;
        Array.Fill(kinds, TokenKind.Byte, FirstByteId, 256);
        return new TokenizerDefinition
        {
            Algorithm = TokenizerAlgorithm.SentencePieceBpe,
            Tokens = [.. tokens],
            Scores = scores.ToArray(),
            Kinds = kinds,
            BosId = 1,
            EosId = 2,
            UnknownId = 0,
            AddBos = true,
            AddSpacePrefix = true,
        };
    }

    // The export decorates <s> and </s> with line ends and turns ▁ into a space; here both get SentencePiece's
    // spelling back.
    private static string Spelling(int id, string text) => id switch
    {
        0 => "<unk>",
        1 => "<s>",
        2 => "</s>",
        < FirstTextId => $"<0x{id - FirstByteId:X2}>",
        _ => text.Replace(' ', '▁'),
    };

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> rest, int count)
    {
        if (count < 0 || count > rest.Length)
        {
            throw new TokenizerException(
                TokenizerError.Truncated, $"A token needs {count} bytes where {rest.Length} are left.");
        }

        ReadOnlySpan<byte> taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}
