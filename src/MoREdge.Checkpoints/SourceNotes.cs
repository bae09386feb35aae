using System.Text;
using MoREdge.ModelFile;

namespace MoREdge.Checkpoints;

/// <summary>What a model file says about where its weights came from: name, origin, licence.</summary>
internal static class SourceNotes
{
    private const string ReportFile = "report.txt";
    private const int LicenseLengthMax = 300;

    /// <summary>
    /// Writes general.name, moredge.source.name, and when known general.license and moredge.report_text.
    /// </summary>
    /// <param name="metadata">Where to write.</param>
    /// <param name="folder">The folder of the source.</param>
    /// <param name="file">The weight file when the user named one.</param>
    /// <param name="statedName">The name the source gives itself, or null.</param>
    public static void Write(GgufMetadata metadata, string folder, string? file, string? statedName)
    {
        string? fileName = Path.GetFileNameWithoutExtension(file);
        string name = fileName is null or "model" or "pytorch_model" ? new DirectoryInfo(folder).Name : fileName;
        metadata.Set(MetadataKeys.Name, GgufValue.FromString(name));
        metadata.Set(
            MetadataKeys.SourceName, GgufValue.FromString(string.IsNullOrEmpty(statedName) ? name : statedName));
        if (FindLicense(folder) is { } license)
        {
            metadata.Set(MetadataKeys.License, GgufValue.FromString(license));
        }

        string report = ReadText(Path.Combine(folder, ReportFile));
        if (report.Length > 0)
        {
            metadata.Set(MetadataKeys.ReportText, GgufValue.FromString(report));
        }
    }

    /// <summary>
    /// The licence in a README's front matter, else the "Licence:" line of a LICENSE-NOTE.md, else null.
    /// </summary>
    private static string? FindLicense(string folder) =>
        FrontMatterLicense(ReadLines(Path.Combine(folder, "README.md")))
        ?? NoteLicense(ReadLines(Path.Combine(folder, "LICENSE-NOTE.md")));

    private static string? FrontMatterLicense(string[] lines)
    {
        if (lines.Length == 0 || lines[0].Trim() != "---")
        {
            return null;
        }

        for (int i = 1; i < lines.Length && lines[i].Trim() != "---"; i++)
        {
            if (lines[i].StartsWith("license:", StringComparison.Ordinal))
            {
                return Clean(lines[i]["license:".Length..].Trim().Trim('"', '\''));
            }
        }

        return null;
    }

    private static string? NoteLicense(string[] lines)
    {
        foreach (string line in lines)
        {
            bool isLicense = line.StartsWith("Licence:", StringComparison.OrdinalIgnoreCase)
                || line.StartsWith("License:", StringComparison.OrdinalIgnoreCase);
            if (isLicense)
            {
                return Clean(line["License:".Length..].Trim());
            }
        }

        return null;
    }

    private static string? Clean(string license) =>
        license.Length == 0 ? null : license[..Math.Min(license.Length, LicenseLengthMax)];

    private static string[] ReadLines(string path) => ReadText(path).Split('\n');

    /// <summary>
    /// The text of a note, or nothing where there is none: UTF-8 without a byte-order mark, and of a longer one the
    /// beginning, to the last whole character.
    /// </summary>
    private static string ReadText(string path)
    {
        if (!File.Exists(path))
        {
            return "";
        }

        using WeightFile file = WeightFile.Open(path);
        byte[] bytes = new byte[Math.Min(file.Length, Checkpoint.NoteBytesMax)];
        file.Read(0, bytes);
        ReadOnlySpan<byte> mark = Encoding.UTF8.Preamble;
        ReadOnlySpan<byte> text = bytes.AsSpan().StartsWith(mark) ? bytes.AsSpan(mark.Length) : bytes;
        Decoder decoder = Encoding.UTF8.GetDecoder();
        bool isWhole = bytes.Length == file.Length;
        char[] characters = new char[decoder.GetCharCount(text, isWhole)];
        decoder.GetChars(text, characters, isWhole);
        return new string(characters);
    }
}
