using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace MoREdge.Tests.Checkpoints;

/// <summary>Writes safetensors files, well-formed or with a header of the test's choosing.</summary>
internal static class SafetensorsBuilder
{
    public static byte[] Raw(string header, byte[] data)
    {
        byte[] headerBytes = Encoding.UTF8.GetBytes(header);
        byte[] file = new byte[8 + headerBytes.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(file, headerBytes.Length);
        headerBytes.CopyTo(file, 8);
        data.CopyTo(file, 8 + headerBytes.Length);
        return file;
    }

    public static byte[] File(IEnumerable<SyntheticTensor> tensors, string dtype = "F32")
    {
        StringBuilder header = new("{\"__metadata__\":{\"format\":\"pt\"}");
        MemoryStream data = new();
        foreach (SyntheticTensor tensor in tensors)
        {
            long begin = data.Length;
            data.Write(Encode(tensor.Values, dtype));
            header.Append($",\"{tensor.Name}\":{{\"dtype\":\"{dtype}\",\"shape\":[{string.Join(',', tensor.Shape)}],");
            header.Append($"\"data_offsets\":[{begin},{data.Length}]}}");
        }

        return Raw(header.Append('}').ToString(), data.ToArray());
    }

    public static byte[] Encode(float[] values, string dtype) => dtype switch
    {
        "F16" => MemoryMarshal.AsBytes<Half>(Array.ConvertAll(values, value => (Half)value)).ToArray(),
        "BF16" => MemoryMarshal.AsBytes<ushort>(
            Array.ConvertAll(values, value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16))).ToArray(),
        "F64" => MemoryMarshal.AsBytes<double>(Array.ConvertAll(values, value => (double)value)).ToArray(),
        _ => MemoryMarshal.AsBytes<float>(values).ToArray(),
    };
}

/// <summary>A named tensor of a synthetic checkpoint.</summary>
internal sealed record SyntheticTensor(string Name, int[] Shape, float[] Values);
