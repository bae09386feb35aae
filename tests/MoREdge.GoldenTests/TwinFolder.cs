using System.Text.Json;
using MoREdge.Tests;

namespace MoREdge.GoldenTests;

/// <summary>A folder of tests/golden/twin: a Hugging Face checkpoint and what the reference package computed.</summary>
internal sealed class TwinFolder : IDisposable
{
    private readonly JsonDocument _reference;
    private readonly JsonDocument _configuration;

    public TwinFolder(string name)
    {
        FullPath = Path.Combine(Root, name);
        _reference = JsonDocument.Parse(File.ReadAllText(Path.Combine(FullPath, "reference.json")));
        _configuration = JsonDocument.Parse(File.ReadAllText(Path.Combine(FullPath, "config.json")));
    }

    /// <summary>The folder to import.</summary>
    public string FullPath { get; }

    /// <summary>One run per routing mode.</summary>
    public IEnumerable<JsonElement> Runs => _reference.RootElement.GetProperty("runs").EnumerateArray();

    /// <summary>config.json.</summary>
    public JsonElement Configuration => _configuration.RootElement;

    private static string Root => SharedData.InRepository("tests/golden/twin");

    /// <summary>The folders whose name starts with one of <paramref name="prefixes"/>.</summary>
    public static List<string> Names(params ReadOnlySpan<string> prefixes)
    {
        List<string> names = [];
        foreach (string path in Directory.GetDirectories(Root))
        {
            string name = Path.GetFileName(path);
            foreach (string prefix in prefixes)
            {
                if (name.StartsWith(prefix, StringComparison.Ordinal))
                {
                    names.Add(name);
                }
            }
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    public static int[] Integers(JsonElement array) =>
        Array.ConvertAll(Numbers(array), number => (int)number);

    public static double[] Numbers(JsonElement array)
    {
        List<double> numbers = [];
        foreach (JsonElement number in array.EnumerateArray())
        {
            numbers.Add(number.GetDouble());
        }

        return [.. numbers];
    }

    /// <summary>The one class that config.json names.</summary>
    public string Architecture() => Configuration.GetProperty("architectures")[0].GetString()!;

    public void Dispose()
    {
        _reference.Dispose();
        _configuration.Dispose();
    }
}
