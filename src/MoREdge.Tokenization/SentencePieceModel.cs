using System.Text;

namespace MoREdge.Tokenization;

/// <summary>Reads SentencePiece's <c>tokenizer.model</c>, a protobuf file.</summary>
/// <remarks>Source: sentencepiece_model.proto: ModelProto {1 pieces, 2 trainer_spec, 3 normalizer_spec}.</remarks>
public static class SentencePieceModel
{
    private const int BpeModelType = 2;

    /// <summary>Reads a tokenizer from a file.</summary>
    /// <param name="path">The path of the model.</param>
    /// <exception cref="TokenizerException">The file is wrong, or is not a BPE model.</exception>
    public static TokenizerDefinition Load(string path) => Parse(BoundedFile.Read(path));

    /// <summary>Reads a tokenizer from a stream, from its position to its end.</summary>
    /// <param name="stream">The model.</param>
    /// <exception cref="TokenizerException">The file is wrong, or is not a BPE model.</exception>
    public static TokenizerDefinition Load(Stream stream) => Parse(BoundedFile.Read(stream));

    private static TokenizerDefinition Parse(ReadOnlySpan<byte> model)
    {
        List<string> tokens = [];
        List<float> scores = [];
        List<TokenKind> kinds = [];
        Trainer trainer = new();
        Normalizer normalizer = new();
        ProtobufReader reader = new(model);
        while (reader.Next())
        {
            switch (reader.Field, reader.WireType)
            {
                case (1, 2):
                    ReadPiece(reader.Bytes, tokens, scores, kinds);
                    break;
                case (2, 2):
                    trainer.Read(reader.Bytes);
                    break;
                case (3, 2):
                    normalizer.Read(reader.Bytes);
                    break;
            }
        }

        if (trainer.ModelType != BpeModelType)
        {
            throw new TokenizerException(
                TokenizerError.UnsupportedComponent, $"The SentencePiece model is of type {trainer.Name}, not BPE.");
        }

        normalizer.Check();
        int BoundedId(int id) => id >= 0 && id < tokens.Count ? id : -1;
        return new TokenizerDefinition
        {
            Algorithm = TokenizerAlgorithm.SentencePieceBpe,
            Tokens = [.. tokens],
            Scores = scores.ToArray(),
            Kinds = kinds.ToArray(),
            BosId = BoundedId(trainer.BosId),
            EosId = BoundedId(trainer.EosId),
            UnknownId = BoundedId(trainer.UnknownId),
            PaddingId = BoundedId(trainer.PaddingId),
            AddBos = BoundedId(trainer.BosId) >= 0,
            AddSpacePrefix = normalizer.AddDummyPrefix,
            PrefixScope = SpacePrefixScope.FirstSegment,
            RemoveExtraWhitespaces = normalizer.RemoveExtraWhitespaces,
        };
    }

    // SentencePiece {1 piece, 2 score, 3 type}
    private static void ReadPiece(
        ReadOnlySpan<byte> message, List<string> tokens, List<float> scores, List<TokenKind> kinds)
    {
        if (tokens.Count == TokenizerLimits.TokensMax)
        {
            throw new TokenizerException(
                TokenizerError.VocabularyTooLarge, $"The model has more than {TokenizerLimits.TokensMax} pieces.");
        }

        string text = string.Empty;
        float score = 0;
        ulong kind = (ulong)TokenKind.Normal;
        ProtobufReader reader = new(message);
        while (reader.Next())
        {
            text = (reader.Field, reader.WireType) == (1, 2) ? Encoding.UTF8.GetString(reader.Bytes) : text;
            score = (reader.Field, reader.WireType) == (2, 5) ? reader.Float : score;
            kind = (reader.Field, reader.WireType) == (3, 0) ? reader.Number : kind;
        }

        if (kind is < (ulong)TokenKind.Normal or > (ulong)TokenKind.Byte)
        {
            throw new TokenizerException(
                TokenizerError.InvalidField, $"Piece {tokens.Count} has the unknown type {kind}.");
        }

        tokens.Add(text);
        scores.Add(score);
        kinds.Add((TokenKind)kind);
    }

    /// <summary>
    /// TrainerSpec {3 model_type, 40 unk_id, 41 bos_id, 42 eos_id, 43 pad_id}, with the proto's defaults.
    /// </summary>
    private struct Trainer()
    {
        public int ModelType = 1;
        public int UnknownId;
        public int BosId = 1;
        public int EosId = 2;
        public int PaddingId = -1;

        public readonly string Name => ModelType switch
        {
            1 => "Unigram",
            3 => "Word",
            4 => "Char",
            _ => ModelType.ToString(),
        };

        public void Read(ReadOnlySpan<byte> message)
        {
            ProtobufReader reader = new(message);
            while (reader.Next())
            {
                int number = unchecked((int)reader.Number);
                switch (reader.Field, reader.WireType)
                {
                    case (3, 0):
                        ModelType = number;
                        break;
                    case (40, 0):
                        UnknownId = number;
                        break;
                    case (41, 0):
                        BosId = number;
                        break;
                    case (42, 0):
                        EosId = number;
                        break;
                    case (43, 0):
                        PaddingId = number;
                        break;
                    case (24, 0) when number != 0:
                        throw JsonFields.Unsupported("The SentencePiece option \"treat_whitespace_as_suffix\"");
                }
            }
        }
    }

    /// <summary>
    /// NormalizerSpec {1 name, 2 charsmap, 3 add_dummy_prefix, 4 remove_extra_whitespaces, 5 escape_whitespaces}.
    /// </summary>
    private struct Normalizer()
    {
        private bool _hasCharsMap;
        private string _name = string.Empty;
        private bool _escapeWhitespaces = true;

        public bool AddDummyPrefix { get; private set; } = true;

        public bool RemoveExtraWhitespaces { get; private set; } = true;

        public void Read(ReadOnlySpan<byte> message)
        {
            ProtobufReader reader = new(message);
            while (reader.Next())
            {
                switch (reader.Field, reader.WireType)
                {
                    case (1, 2):
                        _name = Encoding.UTF8.GetString(reader.Bytes);
                        break;
                    case (2, 2):
                        _hasCharsMap = !reader.Bytes.IsEmpty;
                        break;
                    case (3, 0):
                        AddDummyPrefix = reader.Number != 0;
                        break;
                    case (4, 0):
                        RemoveExtraWhitespaces = reader.Number != 0;
                        break;
                    case (5, 0):
                        _escapeWhitespaces = reader.Number != 0;
                        break;
                }
            }
        }

        public readonly void Check()
        {
            if (_hasCharsMap)
            {
                throw JsonFields.Unsupported($"The SentencePiece normalizer \"{_name}\" with a character map");
            }

            if (!_escapeWhitespaces)
            {
                throw JsonFields.Unsupported("A SentencePiece model without \"escape_whitespaces\"");
            }
        }
    }
}
