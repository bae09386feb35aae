using System.Globalization;
using System.Text;

namespace MoREdge.Tests.ModelFile;

public sealed class FormatExampleTests
{
    private const int BytesPerLine = 16;

    [Fact]
    public void FormatDocument_WorkedExample_IsExactlyWhatTheWriterWrites()
    {
        using TemporaryFolder folder = new();
        string expected = Dump(File.ReadAllBytes(SampleModel.Write(folder)));
        string document = File.ReadAllText(SharedData.InRepository("src/MoREdge.ModelFile/FORMAT.md"));
        IEnumerable<string> lines = document.Split('\n').Where(IsDumpLine);
        Assert.Equal(expected, string.Join('\n', lines));
    }

    private static bool IsDumpLine(string line) =>
        line.Length > 10 && line[8..10] == "  " && line[..8].All(char.IsAsciiHexDigitLower);

    /// <summary>Offset, 16 bytes in hexadecimal, the same as text: the usual dump.</summary>
    private static string Dump(byte[] bytes)
    {
        StringBuilder dump = new();
        for (int at = 0; at < bytes.Length; at += BytesPerLine)
        {
            byte[] line = bytes[at..Math.Min(at + BytesPerLine, bytes.Length)];
            string hex = string.Join(' ', line.Select(value => value.ToString("x2", CultureInfo.InvariantCulture)));
            string text = new([.. line.Select(value => value is >= 0x20 and < 0x7F ? (char)value : '.')]);
            dump.Append(at == 0 ? "" : "\n");
            dump.Append(CultureInfo.InvariantCulture, $"{at:x8}  {hex}  {text}");
        }

        return dump.ToString();
    }
}
