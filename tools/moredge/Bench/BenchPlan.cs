using System.Text;
using System.Text.Json;
using MoREdge.Model;

namespace MoREdge.Cli;

/// <summary>What is measured: every thread count, for each every KV policy, for each every context length.</summary>
/// <param name="PromptTokens">Tokens of the prompt, which meets an empty context.</param>
/// <param name="DecodeTokens">Tokens decoded.</param>
/// <param name="Filled">Tokens that the context holds before the decoded ones; a row for each.</param>
/// <param name="Threads">Thread counts.</param>
/// <param name="KvPolicies">Which keys and values recursions keep; null as trained.</param>
/// <param name="Repetitions">How often everything is measured.</param>
/// <param name="Sequences">
/// Numbers of sequences side by side, which are then measured and nothing else; empty for one sequence by itself.
/// </param>
/// <param name="Drafts">Ways to decode, without drafts first; that alone where drafts are not measured.</param>
internal sealed record BenchPlan(
    int PromptTokens,
    int DecodeTokens,
    int[] Filled,
    int[] Threads,
    KvPolicy?[] KvPolicies,
    int Repetitions,
    int[] Sequences,
    DraftMode[] Drafts)
{
    /// <summary>Whether decoding with drafts is measured beside decoding without.</summary>
    public bool HasDrafts => Drafts.Length > 1;

    /// <summary>Most sequences side by side.</summary>
    public int SequencesMax => Largest(0, Sequences);

    /// <summary>Whether those are the model's own.</summary>
    public bool HasOwnDrafts => HasDrafts && Drafts[1].Rates is null;

    /// <summary>Whether drafts behind drafts are measured, for which rates are given.</summary>
    public bool HasSecondDrafts => Array.Exists(Drafts, mode => mode.Rates?.Second is not null);

    /// <summary>The longest input, of a prefill or to fill a context.</summary>
    public int InputTokensMax => Largest(PromptTokens, Filled);

    /// <summary>The longest text: of batches and drafts a prompt and its answer, else the decoded tokens behind a
    /// context.</summary>
    public int TextTokensMax => Sequences.Length > 0 || HasDrafts
        ? PromptTokens + DecodeTokens
        : Math.Max(PromptTokens, Largest(0, Filled) + DecodeTokens);

    /// <summary>The lines at the head of a report: what was measured, where, and how to read it.</summary>
    public void AppendHead(StringBuilder text, string model, long fileBytes, string note = "")
    {
        text.AppendLine($"{PlainText.Clean(model)}, {ByteText.Format(fileBytes)}");
        text.AppendLine(Machine.Line(ModelOptions.Kernels()));
        text.AppendLine($"median (min-max) of {Repetitions}, all rows in turn; ratios within a turn{note}");
        text.AppendLine();
    }

    /// <summary>Title of the ratio to the first thread count.</summary>
    public string AgainstThreadsTitle => $"vs {Threads[0]} {(Threads[0] == 1 ? "thread" : "threads")}";

    /// <summary>Title of the ratio to the first KV policy.</summary>
    public string AgainstPolicyTitle => $"vs {KvName(KvPolicies[0])}";

    /// <summary>What was measured and where, at the head of a report.</summary>
    public void WriteJson(Utf8JsonWriter writer, string model, long fileBytes)
    {
        writer.WriteString("model", model);
        writer.WriteNumber("file_bytes", fileBytes);
        Machine.WriteJson(writer, ModelOptions.Kernels());
        writer.WriteNumber("repetitions", Repetitions);
        writer.WriteNumber("prompt_tokens", PromptTokens);
    }

    /// <summary>The name of a policy that was asked for; nothing for the trained one.</summary>
    public static string KvName(KvPolicy? policy) => policy is { } asked ? ModelOptions.KvNames[(int)asked] : "";

    private static int Largest(int first, int[] others)
    {
        int largest = first;
        foreach (int other in others)
        {
            largest = Math.Max(largest, other);
        }

        return largest;
    }
}
