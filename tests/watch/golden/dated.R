# What R's package 'surveillance' answers for months and days that have dates.
# Debian: apt-get install r-base-core r-cran-surveillance
# Run in this folder: Rscript dated.R
# The package is GPL-2; what it answers are facts, and none of its code is here.
#
# Months: the sums of four rows of each simulated series, 130 months from January 2012; the last 12.
# Days: three series one after the other, 1,560 days from 15 September 2019 (two leap days); the last 12.
suppressMessages(library(surveillance))
counts <- read.csv("counts.csv")
names <- setdiff(names(counts), "t")

judged <- function(kind, label, y, dates, freq, half, exclude, threshold) {
  sts <- new("sts", observed = matrix(y), freq = freq, epochAsDate = TRUE, epoch = as.numeric(dates))
  n <- length(y)
  control <- list(
    range = (n - 11):n, b = 4, w = half, noPeriods = 10, pastWeeksNotIncluded = exclude,
    alpha = 0.05, trend = TRUE, pThresholdTrend = 1, thresholdMethod = threshold, powertrans = "2/3",
    reweight = TRUE, weightsThreshold = 2.58, limit54 = c(5, 4), verbose = FALSE, glmWarnings = FALSE,
    fitFun = "algo.farrington.fitGLM.flexible"
  )
  made <- suppressWarnings(farringtonFlexible(sts, control))
  answer <- made@control
  data.frame(
    kind = kind, series = label, threshold = threshold, t = control$range,
    upperbound = as.numeric(upperbound(made)[, 1]), alarm = as.integer(alarms(made)[, 1]),
    expected = as.numeric(answer$expected), phiVector = as.numeric(answer$phiVector),
    trendVector = as.numeric(answer$trendVector), pvalue = as.numeric(answer$pvalue),
    score = as.numeric(answer$score)
  )
}

original <- function(kind, label, y, dates, freq, half) {
  sts <- new("sts", observed = matrix(y), freq = freq, epochAsDate = TRUE, epoch = as.numeric(dates))
  n <- length(y)
  control <- list(
    range = (n - 11):n, b = 4, w = half, alpha = 0.01, trend = TRUE, powertrans = "2/3",
    reweight = TRUE, limit54 = c(5, 4), verbose = FALSE, fitFun = "algo.farrington.fitGLM.fast"
  )
  made <- suppressWarnings(farrington(sts, control))
  data.frame(
    kind = kind, series = label, threshold = "original", t = control$range,
    upperbound = as.numeric(upperbound(made)[, 1]), alarm = as.integer(alarms(made)[, 1]),
    expected = NA, phiVector = NA, trendVector = NA, pvalue = NA, score = NA
  )
}

rows <- list()
for (series in names[1:8]) {
  y <- colSums(matrix(counts[[series]], nrow = 4))
  dates <- seq(as.Date("2012-01-01"), by = "month", length.out = length(y))
  rows[[length(rows) + 1]] <- original("month", series, y, dates, 12, 2)
}
for (first in c(1, 4, 7, 10, 13)) {
  y <- unlist(counts[names[first + 0:2]], use.names = FALSE)
  dates <- as.Date("2019-09-15") + seq_along(y) - 1
  rows[[length(rows) + 1]] <- original("day", names[first], y, dates, 365, 3)
}
for (threshold in c("delta", "nbPlugin", "muan")) {
  for (series in names[1:8]) {
    y <- colSums(matrix(counts[[series]], nrow = 4))
    dates <- seq(as.Date("2012-01-01"), by = "month", length.out = length(y))
    rows[[length(rows) + 1]] <- judged("month", series, y, dates, 12, 1, 6, threshold)
  }
  for (first in c(1, 4, 7, 10, 13)) {
    y <- unlist(counts[names[first + 0:2]], use.names = FALSE)
    dates <- as.Date("2019-09-15") + seq_along(y) - 1
    rows[[length(rows) + 1]] <- judged("day", names[first], y, dates, 365, 3, 26, threshold)
  }
}
options(digits = 17, scipen = 999)
write.csv(do.call(rbind, rows), "dated.csv", row.names = FALSE, quote = FALSE)
