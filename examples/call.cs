// Sends rows as KASEM does and prints those that come back; on an error prints its log and ends with 1.
//
//   dotnet run examples/call.cs -- [URL] [BODY]
//
// BODY is a file to send as it is; StreamContent streams it, so it may be of any length.
// A file alone is run by .NET 10 and later; before, put it into a project made by `dotnet new console`.
using System;
using System.IO;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

string url = args.Length > 0 ? args[0]
    : Environment.GetEnvironmentVariable("KASEM_URL") ?? "http://127.0.0.1:5000/method";

// A missing sample is null. System.Text.Json refuses to write double.NaN: make it a double? without a value.
const string sample = @"{ ""param"": { ""scale"": 25 },
  ""scalar"": { ""headers"": [""date"", ""e1_ts"", ""e2_ts""],
                ""data"": [[1420066800.0, 1.2507524347169103, 842.59695878373316],
                           [1420066801.0, 17.684785517717145, 503.28803528253366],
                           [1420066802.0, 48.464766632981956, 921.17810851017862],
                           [1420066803.0, 11.014022077905956, 935.60744493063885]] } }";

using var client = new HttpClient();
try
{
    Stream body = args.Length > 1 ? File.OpenRead(args[1]) : new MemoryStream(Encoding.UTF8.GetBytes(sample));
    using var content = new StreamContent(body);
    content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

    using HttpResponseMessage response = await client.PostAsync(url, content);
    using JsonDocument response = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync());

    // A refused body comes with HTTP 200: EnsureSuccessStatusCode() would not see it.
    int error = response.RootElement.GetProperty("error").GetInt32();
    string log = response.RootElement.GetProperty("log").GetString() ?? "";
    if (error != 0)
    {
        Console.Error.WriteLine($"error {error}: {log}");
        return 1;
    }

    Console.WriteLine(log);
    foreach (JsonElement row in response.RootElement.GetProperty("scalar").GetProperty("data").EnumerateArray())
    {
        JsonElement sum = row[1];
        Console.WriteLine($"{row[0].GetRawText()} {(sum.ValueKind == JsonValueKind.Null ? "missing" : sum.GetRawText())}");
    }
    return 0;
}
catch (Exception failure) when (failure is HttpRequestException || failure is IOException || failure is JsonException)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}
