import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;

/** Posts rows with HttpClient and Gson and prints the returned rows. On an error it prints the log and exits with 1. */
class CallGson {
  /** Not double[][], because Gson throws on null, which is a missing sample. */
  record Scalar(List<String> headers, Double[][] data) {}

  record Param(double scale) {}

  record Request(Param param, Scalar scalar) {}

  record Response(Scalar scalar, int error, String log) {}

  static final HttpClient CLIENT = HttpClient.newHttpClient();

  /** By default Gson refuses to write NaN. */
  static final Gson JSON = new GsonBuilder().serializeSpecialFloatingPointValues().create();

  public static void main(String[] args) throws Exception {
    URI url = URI.create(args.length > 0 ? args[0] : "http://127.0.0.1:5000/method");
    double scale = args.length > 1 ? Double.parseDouble(args[1]) : 25;

    Double[][] rows = {
      {1420066800.0, 1.2507524347169103, 842.59695878373316},
      {1420066801.0, 17.684785517717145, 503.28803528253366},
      {1420066802.0, 48.464766632981956, 921.17810851017862},
      {1420066803.0, 11.014022077905956, 935.60744493063885},
    };
    call(url, scale, rows);

    rows[1][1] = Double.NaN; // missing
    rows[2][2] = null; // missing, too
    call(url, scale, rows);
  }

  static void call(URI url, double scale, Double[][] rows) throws Exception {
    Request body = new Request(new Param(scale), new Scalar(List.of("date", "e1_ts", "e2_ts"), rows));
    HttpRequest request = HttpRequest.newBuilder(url)
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(JSON.toJson(body)))
        .build();
    Response response = JSON.fromJson(CLIENT.send(request, BodyHandlers.ofString()).body(), Response.class);

    // A refused body also gets HTTP 200, so the status is not enough.
    if (response.error() != 0) {
      System.err.printf("error %d: %s%n", response.error(), response.log());
      System.exit(1);
    }

    System.out.println(response.log());
    for (Double[] row : response.scalar().data()) System.out.println(row[0] + " " + row[1]);
  }
}
