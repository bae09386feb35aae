using System.CommandLine;
using System.Globalization;
using System.Text;
using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>moredge logits: the raw output of the network, for comparisons with any other engine.</summary>
internal sealed class LogitsVerb
{
    private const int TopCount = 5;

    private readonly Option<string?> _model = ModelOptions.CreateModelOption(isRequired: true);

    private readonly Option<string> _ids = new("--ids")
    {
        Description = "The token ids, separated by commas or spaces, such as 1,2,3.",
        HelpName = "IDS",
        Required = true,
    };

    private readonly Option<int> _decode = new("--decode")
    {
        Description = "The last K ids are decoded one by one, as in a generation, instead of being part of the "
            + "prompt. This "
            + "makes a difference for Mixture-of-Recursions models whose routing compares the tokens of a prompt "
            + "(topk).",
        HelpName = "K",
        DefaultValueFactory = _ => 0,
    };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Print {\"ids\": [...], \"logits\": [[...] per position], \"depth\": [recursions run per "
            + "position]}. "
            + "Numbers read back as the same float32; one that is not finite is null.",
    };

    private readonly ModelOptions _options;

    private LogitsVerb(Command command)
    {
        command.Options.Add(_model);
        command.Options.Add(_ids);
        command.Options.Add(_decode);
        command.Options.Add(_json);
        _options = new ModelOptions(command, contextDefault: "as many as there are ids");
    }

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command command = new(
            "logits",
            "Print the logits behind every token of a sequence of ids; no tokenizer is needed.\n\n"
            + "Without --json: the five best next tokens of every position.\n\n"
            + "Examples:\n"
            + "  moredge logits -m model.gguf --ids 1,2,3\n"
            + "  moredge logits -m model.gguf --ids 1,2,3,4 --decode 2 --routing topk --json");
        LogitsVerb verb = new(command);
        command.SetAction(verb.Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        int[] ids = ParseIds(result.GetValue(_ids)!);
        int decodeCount = result.GetValue(_decode);
        if (decodeCount < 0 || decodeCount > ids.Length)
        {
            throw new UsageException($"--decode must lie between 0 and the number of ids, {ids.Length}.");
        }

        using Interruption interruption = new();
        using GgufFile file = OpenedModel.OpenVerified(result.GetValue(_model)!, interruption.Token);
        using DecoderModel model = DecoderModel.Load(file, ModelOptions.Kernels(), _options.Threads(result));
        CheckIds(ids, model.Config.VocabSize);
        SequenceOptions options = _options.Sequence(result, Math.Min(ids.Length, model.Config.ContextLength));
        using Sequence sequence = model.CreateSequence(options);
        if (ids.Length > sequence.ContextLength)
        {
            throw new UsageException($"{ids.Length} ids do not fit the context of {sequence.ContextLength} tokens.");
        }

        LogitsVisit visit = new(sequence, ids, ids.Length - decodeCount, interruption.Token);
        if (result.GetValue(_json))
        {
            WriteJson(ids, visit);
        }
        else
        {
            WriteTable(ids, visit);
        }

        return ExitCode.Success;
    }

    private static int[] ParseIds(string text)
    {
        string[] parts = text.Split(
            [',', ' ', '\t', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        int[] ids = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out ids[i]))
            {
                throw new UsageException($"--ids: '{parts[i]}' is not a token id.");
            }
        }

        return ids.Length > 0 ? ids : throw new UsageException("--ids holds no token id.");
    }

    private static void CheckIds(int[] ids, int vocabSize)
    {
        foreach (int id in ids)
        {
            if (id >= vocabSize)
            {
                throw new UsageException($"--ids: {id} is outside the vocabulary of {vocabSize} tokens.");
            }
        }
    }

    private static void WriteJson(int[] ids, LogitsVisit visit)
    {
        using JsonOutput output = new();
        output.Writer.WriteStartObject();
        output.WriteArray("ids", ids);
        output.Writer.WriteStartArray("logits");
        int[] depths = visit.Run((_, logits) =>
        {
            output.Writer.WriteStartArray();
            foreach (float logit in logits)
            {
                output.WriteFloat(logit);
            }

            output.Writer.WriteEndArray();
        });
        output.Writer.WriteEndArray();
        output.WriteArray("depth", depths);
        output.Writer.WriteEndObject();
        output.Finish();
    }

    private static void WriteTable(int[] ids, LogitsVisit visit)
    {
        string[] best = new string[ids.Length];
        int[] depths = visit.Run((position, logits) => best[position] = BestText(logits));
        StringBuilder text = new();
        text.AppendLine($"{"position",8}  {"id",8}  {"depth",5}  best next ids: logit");
        for (int i = 0; i < ids.Length; i++)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{i,8}  {ids[i],8}  {depths[i],5}  {best[i]}");
        }

        StandardOutput.Write(text);
    }

    private static string BestText(ReadOnlySpan<float> logits)
    {
        int count = Math.Min(TopCount, logits.Length);
        List<int> best = [];
        for (int id = 0; id < logits.Length; id++)
        {
            int place = best.Count;
            while (place > 0 && logits[best[place - 1]] < logits[id])
            {
                place--;
            }

            if (place < count)
            {
                best.Insert(place, id);
                best.RemoveRange(Math.Min(count, best.Count), Math.Max(0, best.Count - count));
            }
        }

        string[] texts = new string[best.Count];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = string.Create(CultureInfo.InvariantCulture, $"{best[i]}: {logits[best[i]]:F3}");
        }

        return string.Join("  ", texts);
    }

    /// <summary>Runs a prompt and then single tokens, and shows the logits of all of them in one order.</summary>
    private sealed class LogitsVisit(Sequence sequence, int[] ids, int promptCount, CancellationToken cancellation)
    {
        /// <summary>Returns the recursions run per token.</summary>
        public int[] Run(LogitsVisitor visitor)
        {
            int[] depths = new int[ids.Length];
            if (promptCount > 0)
            {
                sequence.Score(ids.AsSpan(0, promptCount), visitor, depths, cancellation);
            }

            for (int i = promptCount; i < ids.Length; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                visitor(i, sequence.Decode(ids[i]));
                depths[i] = sequence.LastDepths[0];
            }

            return depths;
        }
    }
}
