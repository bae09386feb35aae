using System.CommandLine;
using MoREdge.Inference;

namespace MoREdge.Cli;

/// <summary>moredge generate: continues a prompt.</summary>
internal static class GenerateVerb
{
    private const int TokenLimitDefault = 256;

    public static Command Create()
    {
        Option<string?> model = ModelOptions.CreateModelOption(isRequired: false);
        Option<string?> prompt = new("--prompt", "-p") { Description = "The text to continue.", HelpName = "TEXT" };
        Option<string?> file = new Option<string?>("--file", "-f")
        {
            Description = "Reads the text to continue from a UTF-8 file, '-' for standard input.",
            HelpName = "FILE",
        }.NamesFile();
        Option<int> limit = new("--tokens", "-n")
        {
            Description = "Most tokens to generate.",
            HelpName = "N",
            DefaultValueFactory = _ => TokenLimitDefault,
        };
        Option<string[]> stop = new("--stop")
        {
            Description = "Ends at this text, which is not printed; may be given several times.",
            HelpName = "TEXT",
        };
        Option<bool> ignoreEnd = new("--ignore-eos") { Description = "Goes on after the model's end tokens." };
        Command command = new(
            "generate",
            "Continues a text. Only the generated text goes to standard output; statistics go to standard error. "
            + "Without a prompt the "
            + "model starts from its beginning-of-sequence token.\n\n"
            + "Examples:\n  moredge generate -p \"Once upon a time\" -n 100\n"
            + "  moredge generate -m model.gguf -f story.txt --temp 0")
        {
            model, prompt, file, limit, stop, ignoreEnd,
        };
        SamplerFlags sampler = new(command);
        ModelOptions options = new(command);
        DecodingFlags decoding = new(command);
        command.SetAction(result =>
        {
            string text = ReadPrompt(result.GetValue(prompt), result.GetValue(file));
            GenerationOptions generation = new()
            {
                TokenLimit = CheckLimit(result.GetValue(limit)),
                StopStrings = CheckStops(result.GetValue(stop) ?? []),
                IgnoreEndOfSequence = result.GetValue(ignoreEnd),
            };
            sampler.Check(result);
            decoding.Check(result);
            using LocalModel opened = OpenedModel.Open(result.GetValue(model), options, result);
            SamplerOptions sampling = sampler.Read(result, opened.File.Metadata);
            using GenerationSession session = OpenedModel.StartSession(opened, options, decoding, result, sampling);
            decoding.SetBudget(opened, session, result);
            return Run(opened, session, text, generation);
        });
        return command;
    }

    private static int Run(LocalModel model, GenerationSession session, string text, GenerationOptions generation)
    {
        using Interruption interruption = new();
        using StreamWriter output = new(StandardOutput.Open());
        int[] ids = session.Encode(text);
        GenerationStats stats;
        using (ProgressLine progress = new("Reading the prompt"))
        {
            stats = session.Generate(
                ids,
                generation with { PromptProgress = (done, total) => progress.Report(done, total) },
                startsText: text.Length == 0,
                piece =>
                {
                    progress.Dispose();
                    output.Write(PlainText.ForStandardOutput(piece));
                    output.Flush();
                },
                interruption.Token);
        }

        output.WriteLine();
        output.Flush();
        if (stats.StopReason == StopReason.Cancelled)
        {
            // Whoever interrupts does not want to wait until the rest of a large file is verified.
            model.Integrity.ThrowIfDamaged();
        }
        else
        {
            model.Integrity.Wait(interruption.Token);
        }

        Console.Error.WriteLine(StatsText.Format(model, session, stats));
        if (session.Budget is not null && stats.StopReason != StopReason.Cancelled)
        {
            Console.Error.WriteLine(BudgetText.Format(model, session, stats, interruption.Token));
        }

        return stats.StopReason == StopReason.Cancelled
            ? Faults.Report(ExitCode.Failure, "Interrupted.")
            : ExitCode.Success;
    }

    private static string ReadPrompt(string? text, string? path)
    {
        if (text is not null && path is not null)
        {
            throw new UsageException("Give the prompt by --prompt or by --file, not by both.");
        }

        return path is null ? TextInput.FromOption(text) ?? "" : TextInput.Read(path);
    }

    private static int CheckLimit(int limit) =>
        limit >= 1 ? limit : throw new UsageException("--tokens must be 1 or more.");

    private static string[] CheckStops(string[] stops)
    {
        foreach (string stop in stops)
        {
            if (stop.Length == 0)
            {
                throw new UsageException("--stop needs a text that is not empty.");
            }
        }

        return stops;
    }
}
