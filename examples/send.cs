// Posts a recorded body with HttpClient and prints the returned rows. On an error it prints the log and exits with 1.
using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading.Tasks;
using Newtonsoft.Json;

class Scalar
{
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
    // Mono's compiler does not support async Main.
    static int Main(string[] args) => Run(args).GetAwaiter().GetResult();

    static async Task<int> Run(string[] args)
    {
        string url = args.Length > 0 ? args[0] : "http://127.0.0.1:5000/method";
        string file = args.Length > 1 ? args[1] : "body.json";
        string key = Environment.GetEnvironmentVariable("KASEM_KEY");

        var client = new HttpClient();
        if (key != null) client.DefaultRequestHeaders.Add("X-API-Key", key);
        var body = new StreamContent(File.OpenRead(file));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        var message = await client.PostAsync(url, body);
        var response = JsonConvert.DeserializeObject<Response>(await message.Content.ReadAsStringAsync());

        // A refused body also gets HTTP 200, so EnsureSuccessStatusCode() is not enough.
        if (response.Error != 0)
        {
            Console.Error.WriteLine($"error {response.Error}: {response.Log}");
            return 1;
        }

        Console.WriteLine(response.Log);
        foreach (double?[] row in response.Scalar.Data)
            Console.WriteLine(string.Join(" ", row.Select(one => (one ?? double.NaN).ToString("R", CultureInfo.InvariantCulture))));
        return 0;
    }
}
