// Posts rows with HttpClient and Json.NET and prints the returned rows. On an error it prints the log and exits with 1.
using System;
using System.Globalization;
using System.Net.Http;
using System.Text;
using System.Threading.Tasks;
using Newtonsoft.Json;

class Scalar
{
    [JsonProperty("headers")] public string[] Headers { get; set; }

    // Not double[][], because Json.NET throws on null, which is a missing sample.
    [JsonProperty("data")] public double?[][] Data { get; set; }
}

class Response
{
    [JsonProperty("scalar")] public Scalar Scalar { get; set; }
    [JsonProperty("error")] public int Error { get; set; }
    [JsonProperty("log")] public string Log { get; set; }
}

static class Program
{
    static readonly HttpClient client = new HttpClient();

    // Mono's compiler does not support async Main.
    static int Main(string[] args) => Run(args).GetAwaiter().GetResult();

    static async Task<int> Run(string[] args)
    {
        string url = args.Length > 0 ? args[0] : "http://127.0.0.1:5000/method";
        double scale = args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 25;

        double?[][] rows =
        {
            new double?[] { 1420066800.0, 1.2507524347169103, 842.59695878373316 },
            new double?[] { 1420066801.0, 17.684785517717145, 503.28803528253366 },
            new double?[] { 1420066802.0, 48.464766632981956, 921.17810851017862 },
            new double?[] { 1420066803.0, 11.014022077905956, 935.60744493063885 },
        };
        if (!await Call(url, scale, rows)) return 1;

        rows[1][1] = double.NaN; // missing
        rows[2][2] = null; // missing, too
        return await Call(url, scale, rows) ? 0 : 1;
    }

    static async Task<bool> Call(string url, double scale, double?[][] rows)
    {
        var scalar = new Scalar { Headers = new[] { "date", "e1_ts", "e2_ts" }, Data = rows };
        string request = JsonConvert.SerializeObject(new { param = new { scale }, scalar });
        var message = await client.PostAsync(url, new StringContent(request, Encoding.UTF8, "application/json"));
        var response = JsonConvert.DeserializeObject<Response>(await message.Content.ReadAsStringAsync());

        // A refused body also gets HTTP 200, so EnsureSuccessStatusCode() is not enough.
        if (response.Error != 0)
        {
            Console.Error.WriteLine($"error {response.Error}: {response.Log}");
            return false;
        }

        Console.WriteLine(response.Log);
        foreach (double?[] row in response.Scalar.Data)
            Console.WriteLine(FormattableString.Invariant($"{row[0]:R} {row[1] ?? double.NaN:R}"));
        return true;
    }
}
