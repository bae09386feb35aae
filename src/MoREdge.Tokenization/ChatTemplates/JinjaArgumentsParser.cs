namespace MoREdge.Tokenization;

/// <summary>Parses what stands between the brackets of a call.</summary>
internal static class JinjaArgumentsParser
{
    /// <summary>The arguments of a call up to its closing bracket; the opening one is consumed.</summary>
    /// <param name="reader">Where to read.</param>
    /// <param name="parse">Parses one expression.</param>
    public static JinjaArguments Parse(JinjaTokenReader reader, Func<JinjaExpression> parse)
    {
        List<JinjaExpression> positional = [];
        List<(string Name, JinjaExpression Value)> named = [];
        while (!reader.TakeOperator(")"))
        {
            if (reader.Next is { Kind: JinjaTokenKind.Operator, Text: "*" or "**" })
            {
                throw ChatTemplateException.Unsupported("a call that spreads a list or a mapping");
            }

            JinjaExpression value = parse();
            if (value is JinjaVariable name && reader.TakeOperator("="))
            {
                named.Add((name.Name, parse()));
            }
            else if (named.Count > 0)
            {
                throw reader.Fault("An argument without a name stands behind one with a name.");
            }
            else
            {
                positional.Add(value);
            }

            if (!reader.TakeOperator(","))
            {
                reader.ExpectOperator(")");
                break;
            }
        }

        return new JinjaArguments(positional, named);
    }
}
