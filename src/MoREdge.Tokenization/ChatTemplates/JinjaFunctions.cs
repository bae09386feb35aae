namespace MoREdge.Tokenization;

/// <summary>The functions that every template finds by name.</summary>
internal static class JinjaFunctions
{
    // The sandbox of Jinja allows as much.
    private const int RangeMax = 100_000;

    /// <summary>Puts the functions into a scope.</summary>
    /// <param name="scope">The outermost scope.</param>
    /// <param name="now">What strftime_now takes for the present, or null to ask the system.</param>
    public static void Define(JinjaScope scope, DateTime? now)
    {
        Add(scope, "namespace", Namespace);
        Add(scope, "dict", Mapping);
        Add(scope, "raise_exception", Raise);
        Add(scope, "range", Range);
        Add(scope, "strftime_now", arguments => JinjaTime.Format(
            arguments.RequireText("format"), now ?? DateTime.Now, arguments.Budget));
    }

    private static void Add(JinjaScope scope, string name, Func<JinjaArgumentValues, object?> call) =>
        scope.Set(name, new JinjaFunction(name, call));

    private static object? Namespace(JinjaArgumentValues arguments)
    {
        JinjaNamespace space = new();
        foreach ((string name, object? value) in Mapping(arguments))
        {
            space.Values[name] = value;
        }

        return space;
    }

    private static Dictionary<string, object?> Mapping(JinjaArgumentValues arguments)
    {
        Dictionary<string, object?> mapping = [];
        foreach (object? other in arguments.TakeRest())
        {
            Merge(mapping, other as Dictionary<string, object?> ?? throw arguments.Refuse(), arguments.Budget);
        }

        Merge(mapping, arguments.TakeNamed(), arguments.Budget);
        arguments.Budget.SpendOnItems(JinjaBudget.CostOfObject * (mapping.Count + 1L));
        return mapping;
    }

    private static void Merge(
        Dictionary<string, object?> target, Dictionary<string, object?> source, JinjaBudget budget)
    {
        foreach ((string name, object? value) in source)
        {
            budget.SpendOnKey(name);
            target[name] = value;
        }
    }

    private static object? Raise(JinjaArgumentValues arguments) => throw new ChatTemplateException(
        ChatTemplateError.Raised, JinjaPrinter.ToText(arguments.Require("message"), arguments.Budget));

    private static JinjaSequence Range(JinjaArgumentValues arguments)
    {
        List<object?> bounds = arguments.TakeRest();
        (Int128 from, Int128 to, Int128 step) = bounds switch
        {
            [long stop] => (0L, stop, 1L),
            [long start, long stop] => (start, stop, 1L),
            [long start, long stop, long stride] when stride != 0 => (start, stop, stride),
            _ => throw arguments.Refuse(),
        };
        Int128 count = step > 0 ? (to - from + step - 1) / step : (from - to - step - 1) / -step;
        if (count > RangeMax)
        {
            throw new ChatTemplateException(
                ChatTemplateError.TooLarge, $"A range has more than {RangeMax} numbers.");
        }

        arguments.Budget.SpendOnItems((long)Int128.Max(count, 0));
        JinjaSequence numbers = new(JinjaSequenceKind.Range);
        for (Int128 i = 0; i < count; i++)
        {
            numbers.Add((long)(from + (i * step)));
        }

        return numbers;
    }
}

/// <summary>strftime of Python, in English.</summary>
internal static class JinjaTime
{
    public static string Format(string format, DateTime time, JinjaBudget budget)
    {
        budget.SpendOn(format);
        System.Text.StringBuilder text = new();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            i++;
            bool isShort = format[i] == '-' && i + 1 < format.Length;
            i += isShort ? 1 : 0;
            string part = Part(format[i], time);
            budget.SpendOn(part);
            string trimmed = part.TrimStart('0', ' ');
            text.Append(!isShort || part.Length == 0 ? part
                : trimmed.Length > 0 && char.IsAsciiDigit(trimmed[0]) ? trimmed
                : part[0] == '0' ? "0" : part);
        }

        return text.ToString();
    }

    private static string Part(char code, DateTime time) => code switch
    {
        'a' => Net(time, "ddd"),
        'A' => Net(time, "dddd"),
        'b' or 'h' => Net(time, "MMM"),
        'B' => Net(time, "MMMM"),
        'c' => Net(time, "ddd MMM ") + $"{time.Day,2}" + Net(time, " HH:mm:ss yyyy"),
        'C' => $"{time.Year / 100:00}",
        'd' => Net(time, "dd"),
        'D' or 'x' => Net(time, "MM/dd/yy"),
        'e' => $"{time.Day,2}",
        'f' => Net(time, "ffffff"),
        'F' => Net(time, "yyyy-MM-dd"),
        'H' => Net(time, "HH"),
        'I' => Net(time, "hh"),
        'j' => $"{time.DayOfYear:000}",
        'k' => $"{time.Hour,2}",
        'l' => $"{((time.Hour + 11) % 12) + 1,2}",
        'm' => Net(time, "MM"),
        'M' => Net(time, "mm"),
        'n' => "\n",
        'p' => Net(time, "tt"),
        'P' => Net(time, "tt").ToLowerInvariant(),
        'R' => Net(time, "HH:mm"),
        's' => new DateTimeOffset(time).ToUnixTimeSeconds().ToString(),
        'S' => Net(time, "ss"),
        't' => "\t",
        'T' or 'X' => Net(time, "HH:mm:ss"),
        'u' => $"{((int)time.DayOfWeek + 6) % 7 + 1}",
        'U' => $"{(time.DayOfYear + 6 - (int)time.DayOfWeek) / 7:00}",
        'w' => $"{(int)time.DayOfWeek}",
        'W' => $"{(time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7:00}",
        'y' => Net(time, "yy"),
        'Y' => Net(time, "yyyy"),
        'z' or 'Z' => string.Empty,
        '%' => "%",
        _ => throw ChatTemplateException.Unsupported($"the time format %{code}"),
    };

    private static string Net(DateTime time, string format) =>
        time.ToString(format.Length == 1 ? "%" + format : format, System.Globalization.CultureInfo.InvariantCulture);
}
