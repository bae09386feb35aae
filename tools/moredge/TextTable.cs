using System.Text;

namespace MoREdge.Cli;

/// <summary>Rows of words, printed in columns.</summary>
/// <param name="rightAligned">One flag per column: numbers stand to the right.</param>
internal sealed class TextTable(params bool[] rightAligned)
{
    private readonly List<string[]> _rows = [];

    /// <summary>A table whose columns all stand to the right, with its titles.</summary>
    public static TextTable OfNumbers(params string[] titles)
    {
        TextTable table = new(Array.ConvertAll(titles, _ => true));
        table.Add(titles);
        return table;
    }

    /// <summary>The cells of the columns that a table shows.</summary>
    public static string[] Shown(params (bool IsShown, string Text)[] cells) =>
        Array.ConvertAll(Array.FindAll(cells, cell => cell.IsShown), cell => cell.Text);

    /// <summary>Adds a row of as many cells as there are columns.</summary>
    public void Add(params string[] cells) => _rows.Add(cells);

    /// <summary>Prints all rows, indented by <paramref name="indent"/> spaces.</summary>
    public void AppendTo(StringBuilder text, int indent = 0)
    {
        int[] widths = new int[rightAligned.Length];
        foreach (string[] row in _rows)
        {
            for (int i = 0; i < widths.Length; i++)
            {
                widths[i] = Math.Max(widths[i], row[i].Length);
            }
        }

        StringBuilder line = new();
        foreach (string[] row in _rows)
        {
            line.Clear().Append(' ', indent);
            for (int i = 0; i < widths.Length; i++)
            {
                line.Append(rightAligned[i] ? row[i].PadLeft(widths[i]) : row[i].PadRight(widths[i])).Append("  ");
            }

            text.AppendLine(line.ToString().TrimEnd());
        }
    }
}
