using System.Buffers.Binary;
using System.Text;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Tokenization;

/// <summary>
/// Reads the metadata of a trusted vocabulary-only GGUF file, so that these tests need no other project.
/// </summary>
internal static class GgufVocabulary
{
    private const int StringType = 8;
    private const int ArrayType = 9;

    public static TokenizerDefinition Load(string path)
    {
        Dictionary<string, object> values = ReadMetadata(File.ReadAllBytes(path));
        bool sentencePiece = (string)values["tokenizer.ggml.model"] == "llama";
        return new TokenizerDefinition
        {
            Algorithm = sentencePiece ? TokenizerAlgorithm.SentencePieceBpe : TokenizerAlgorithm.ByteLevelBpe,
            Tokens = Texts(values["tokenizer.ggml.tokens"]),
            Kinds = Array.ConvertAll(
                (object[])values["tokenizer.ggml.token_type"], value => (TokenKind)(int)(long)value),
            Scores = values.TryGetValue("tokenizer.ggml.scores", out object? scores)
                ? Array.ConvertAll((object[])scores, value => (float)value) : null,
            Merges = values.TryGetValue("tokenizer.ggml.merges", out object? merges)
                ? Texts(merges) : null,
            PreTokenizer = PreTokenizers.FromGgufName((string)values["tokenizer.ggml.pre"]),
            BosId = (int)(long)values["tokenizer.ggml.bos_token_id"],
            EosId = (int)(long)values["tokenizer.ggml.eos_token_id"],
            UnknownId = sentencePiece ? 0 : -1,
            AddBos = sentencePiece,
            AddSpacePrefix = sentencePiece,
        };
    }

    private static TextTable Texts(object values) =>
        TextTable.Create(Array.ConvertAll((object[])values, value => (string)value));

    private static Dictionary<string, object> ReadMetadata(byte[] file)
    {
        int at = 24;
        long count = BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(16));
        Dictionary<string, object> values = [];
        for (long i = 0; i < count; i++)
        {
            string key = (string)ReadValue(file, StringType, ref at);
            int type = (int)(long)ReadValue(file, 4, ref at);
            values[key] = ReadValue(file, type, ref at);
        }

        return values;
    }

    private static object ReadValue(byte[] file, int type, ref int at)
    {
        ReadOnlySpan<byte> rest = file.AsSpan(at);
        switch (type)
        {
            case 0 or 1 or 7:
                at += 1;
                return (long)rest[0];
            case 4 or 5:
                at += 4;
                return (long)BinaryPrimitives.ReadInt32LittleEndian(rest);
            case 6:
                at += 4;
                return BinaryPrimitives.ReadSingleLittleEndian(rest);
            case StringType:
                int length = (int)BinaryPrimitives.ReadInt64LittleEndian(rest);
                at += 8 + length;
                return Encoding.UTF8.GetString(rest.Slice(8, length));
            case ArrayType:
                int elementType = BinaryPrimitives.ReadInt32LittleEndian(rest);
                object[] elements = new object[BinaryPrimitives.ReadInt64LittleEndian(rest[4..])];
                at += 12;
                for (int i = 0; i < elements.Length; i++)
                {
                    elements[i] = ReadValue(file, elementType, ref at);
                }

                return elements;
            default:
                throw new NotSupportedException($"The vocabulary files have no value of type {type}.");
        }
    }
}
