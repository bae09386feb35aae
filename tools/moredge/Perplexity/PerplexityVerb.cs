using System.CommandLine;
using MoREdge.Inference;
using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tokenization;

namespace MoREdge.Cli;

/// <summary>moredge perplexity: how well a model predicts a text, and how far it is from another model.</summary>
internal sealed class PerplexityVerb
{
    private const int ContextDefault = 2048;

    private readonly Option<string?> _model = ModelOptions.CreateModelOption(isRequired: true);

    private readonly Option<string> _text = new Option<string>("--file", "-f")
    {
        Description = "The text, UTF-8; - is standard input.",
        HelpName = "TEXT",
        Required = true,
    }.NamesFile();

    private readonly Option<string?> _against = new Option<string?>("--against")
    {
        Description = "A reference model with the same vocabulary, such as the float32 file: adds its perplexity, the "
            + "paired difference, the KL divergence and how often both find the same token most likely.",
        HelpName = "FILE",
    }.NamesFile();

    private readonly Option<bool> _json = new("--json") { Description = "Print the figures as JSON." };

    private readonly ModelOptions _options;

    private PerplexityVerb(Command command)
    {
        command.Options.Add(_model);
        command.Options.Add(_text);
        command.Options.Add(_against);
        command.Options.Add(_json);
        _options = new ModelOptions(
            command, contextDefault: $"the trained context, at most {ContextDefault}");
    }

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command command = new(
            "perplexity",
            "Measure how well a model predicts a text: negative log-likelihood per token (nats) and perplexity, with "
            + "standard errors.\n\n"
            + "Protocol: the text is tokenized once, special tokens by their spelling. It is cut into windows of "
            + $"--context tokens (default: the trained context, at most {ContextDefault}) that do not overlap; each "
            + "starts with the begin token where the model adds one. Every token of a window but the first is scored, "
            + "given those before it in the window. Standard errors take the tokens as independent; of one token there "
            + "is none (null in JSON).\n\n"
            + "With --against: KL(reference || model) per token in nats, its mean and 99 % quantile, and the share of "
            + "tokens where both have the same best one, on the same windows in the same pass. Routing, depth and "
            + "cache options are for the model only; the reference runs as its file says.\n\n"
            + "With --routing threshold a warning names a recursion that ran for more than ten points more or fewer "
            + "of the tokens than the model was trained to run it for.\n\n"
            + "Examples:\n"
            + "  moredge perplexity -m model-q4.gguf -f story.txt\n"
            + "  moredge perplexity -m model-q4.gguf -f - --against model-f32.gguf --context 512 --json < story.txt");
        PerplexityVerb verb = new(command);
        command.SetAction(verb.Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        using Interruption interruption = new();
        using GgufFile file = OpenedModel.OpenVerified(result.GetValue(_model)!, interruption.Token);
        Tokenizer tokenizer = TokenizerLoader.Load(file);
        int threads = _options.Threads(result);
        using DecoderModel model = DecoderModel.Load(file, ModelOptions.Kernels(), threads);
        SequenceOptions options = _options.Sequence(result, Math.Min(ContextDefault, model.Config.ContextLength));
        using Sequence sequence = model.CreateSequence(options);
        if (sequence.ContextLength < 2)
        {
            throw new UsageException("--context must be at least 2 here: a token and one that follows it.");
        }

        using Reference? reference = Reference.Open(
            result.GetValue(_against), file, model, sequence, interruption.Token);
        TextWindows windows = Cut(result.GetValue(_text)!, tokenizer, sequence.ContextLength);
        TextScorer scorer = new(sequence, reference?.Sequence);
        using (ProgressLine progress = new("Scoring"))
        {
            for (int i = 0; i < windows.Count; i++)
            {
                scorer.Score(windows[i], interruption.Token);
                progress.Report(i + 1, windows.Count, $"perplexity {scorer.Quality.Perplexity:F3}");
            }
        }

        PerplexityReport report = new(scorer.Quality, sequence, windows.Count, reference?.Sequence);
        if (result.GetValue(_json))
        {
            report.WriteJson();
        }
        else
        {
            report.WriteText();
        }

        if (CapacityCheck.Warning(model.Config.Recursion, sequence) is { } warning)
        {
            Faults.Warn(warning);
        }

        return ExitCode.Success;
    }

    private static TextWindows Cut(string path, Tokenizer tokenizer, int contextLength)
    {
        int[] ids = tokenizer.Encode(TextInput.Read(path), addSpecial: false);
        bool hasBegin = tokenizer.Definition.AddBos && tokenizer.Definition.BosId >= 0;
        TextWindows windows = new(ids, contextLength, hasBegin ? tokenizer.Definition.BosId : -1);
        return windows.Count > 0
            ? windows
            : throw new FailureException($"The text has {ids.Length} tokens, too few to score any.");
    }

    /// <summary>The model of --against with a sequence that cuts the text in the same places.</summary>
    private sealed class Reference : IDisposable
    {
        private readonly GgufFile _file;
        private readonly DecoderModel _model;

        private Reference(GgufFile file, DecoderModel model, Sequence sequence)
        {
            _file = file;
            _model = model;
            Sequence = sequence;
        }

        public Sequence Sequence { get; }

        /// <summary>Opens the model, or returns null when there is no path.</summary>
        public static Reference? Open(
            string? path, GgufFile otherFile, DecoderModel other, Sequence otherSequence,
            CancellationToken cancellation)
        {
            if (path is null)
            {
                return null;
            }

            GgufFile? file = OpenedModel.OpenVerified(path, cancellation);
            DecoderModel? model = null;
            try
            {
                model = DecoderModel.Load(file, other.Kernels, other.ThreadCount);
                if (model.Config.VocabSize != other.Config.VocabSize)
                {
                    throw new FailureException(
                        $"The models cannot be compared: their vocabularies have {other.Config.VocabSize} and "
                        + $"{model.Config.VocabSize} tokens.");
                }

                if (!HaveSameTokens(file, otherFile))
                {
                    throw new FailureException(
                        "The models cannot be compared: their vocabularies hold different tokens.");
                }

                // The same windows, but otherwise the reference runs as its file says: so --max-depth, --kv and
                // --routing can be measured against the model itself.
                SequenceOptions options = new() { ContextLength = otherSequence.ContextLength };
                Reference reference = new(file, model, model.CreateSequence(options));
                file = null;
                model = null;
                return reference;
            }
            finally
            {
                model?.Dispose();
                file?.Dispose();
            }
        }

        /// <summary>Whether ids mean the same; of a file without a tokenizer nobody knows.</summary>
        private static bool HaveSameTokens(GgufFile file, GgufFile other)
        {
            if (!file.Metadata.Contains(MetadataKeys.TokenizerTokens))
            {
                return true;
            }

            byte[] tokens = file.Metadata.RequireUtf8Array(MetadataKeys.TokenizerTokens, out int[] offsets);
            byte[] otherTokens = other.Metadata.RequireUtf8Array(MetadataKeys.TokenizerTokens, out int[] otherOffsets);
            return offsets.AsSpan().SequenceEqual(otherOffsets) && tokens.AsSpan().SequenceEqual(otherTokens);
        }

        public void Dispose()
        {
            Sequence.Dispose();
            _model.Dispose();
            _file.Dispose();
        }
    }
}
