# A line list simulated for this project, and what R's surveillance::nowcast answers for it.
# Rscript make.R   writes cases.csv and lawless.csv beside this file; sessionInfo is in SOURCE.md.
suppressPackageStartupMessages(library(surveillance))
set.seed(20261127)
days <- seq(as.Date("2024-03-01"), by = "1 day", length.out = 120)
n <- rpois(length(days), 14 * exp(0.35 * sin(2 * pi * seq_along(days) / 60)))
started <- rep(days, n)
delay <- pmin(rnbinom(length(started), size = 2.2, mu = 3.1), 17)
cases <- data.frame(place = "toy", start = started, reported = started + delay)
cases <- cases[order(cases$reported, cases$start), ]
write.csv(cases, "cases.csv", row.names = FALSE, quote = FALSE)

now <- as.Date("2024-06-10")
D <- 12
when <- seq(now - D + 1, now, by = "1 day")
rows <- list()
for (m in list(NULL, 30)) {
  nc <- suppressWarnings(nowcast(
    now = now, when = when, data = cases, dEventCol = "start", dReportCol = "reported",
    method = "lawless", D = D, m = m, m.interpretation = "lawless1994",
    control = list(dRange = c(min(days), now), N.tInf.max = 200, alpha = 0.1)
  ))
  tri <- reportingTriangle(nc)
  all <- attr(tri, "t02s")
  at <- match(when, all)
  cdf <- delayCDF(nc)[["lawless"]]
  share <- rev(cdf)[at]
  rows[[length(rows) + 1]] <- data.frame(
    m = if (is.null(m)) "all" else m, start = when, value = attr(tri, "N.tT")[at],
    share = sprintf("%.15g", share),
    expected = sprintf("%.15g", attr(tri, "N.tT")[at] / share),
    median = upperbound(nc)[match(when, all)],
    lower = nc@pi[match(when, all), 1, 1], upper = nc@pi[match(when, all), 1, 2]
  )
}
write.csv(do.call(rbind, rows), "lawless.csv", row.names = FALSE, quote = FALSE)
cat(R.version.string, "surveillance", as.character(packageVersion("surveillance")), "\n")
