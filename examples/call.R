# Posts rows with httr and jsonlite and prints the returned rows. On an error it prints the log and exits with 1.
library(httr)
library(jsonlite)

args <- commandArgs(trailingOnly = TRUE)
url <- if (length(args) > 0) args[1] else "http://127.0.0.1:5000/method"
scale <- if (length(args) > 1) as.numeric(args[2]) else 25

call <- function(rows) {
  # Not toJSON, which writes 4 digits by default and at most 15. A double needs up to 17.
  rows[is.na(rows)] <- NaN
  data <- with(rows, sprintf("[%.17g,%.17g,%.17g]", date, e1_ts, e2_ts))
  request <- paste0(
    '{"param": {"scale": ', sprintf("%.17g", scale), '}, ',
    '"scalar": {"headers": ["date", "e1_ts", "e2_ts"], "data": [', paste(data, collapse = ","), ']}}'
  )
  response <- fromJSON(content(POST(url, body = request, content_type_json()), "text", encoding = "UTF-8"))

  # A refused body also gets HTTP 200, so stop_for_status() is not enough.
  if (response$error != 0) {
    message("error ", response$error, ": ", response$log)
    quit(status = 1)
  }

  cat(response$log, "\n", sep = "")
  # `data` is a matrix, with NA for a missing sample.
  cat(sprintf("%.17g %.17g\n", response$scalar$data[, 1], response$scalar$data[, 2]), sep = "")
}

rows <- data.frame(
  date = c(1420066800, 1420066801, 1420066802, 1420066803),
  e1_ts = c(1.2507524347169103, 17.684785517717145, 48.464766632981956, 11.014022077905956),
  e2_ts = c(842.59695878373316, 503.28803528253366, 921.17810851017862, 935.60744493063885)
)
call(rows)

rows[2, "e1_ts"] <- NaN # missing
rows[3, "e2_ts"] <- NA # missing, too
call(rows)
