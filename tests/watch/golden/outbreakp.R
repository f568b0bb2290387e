# What R's package 'surveillance' answers for OutbreakP with ret = "cases" and "value", the series
# with it: calm ones, rising ones, one that rose and fell (NA: not even 0 is quiet), large ones (the
# product underflows) and one that no count up to maxUpperboundCases makes alarm.
# Debian: apt-get install r-base-core r-cran-surveillance
# Run in this folder: Rscript outbreakp.R
# The package is GPL-2; what it answers are facts, and none of its code is here.
suppressMessages(library(surveillance))
set.seed(41)
series <- list(
  calm = rpois(40, 4), sparse = rpois(40, 0.3), zero = rep(0, 40),
  rising = rpois(40, c(rep(3, 25), 3 * 1.15^(1:15))),
  fell = c(rpois(25, 2), 30, 40, 35, 30, 0, 0, 2, 1, 0, 0, 3, 0, 1, 2, 0),
  onset = c(rep(0, 20), 1, 0, 2, 4, 3, 7, 9, 8, 15, 11, 0, 21, 19, 0, 0, 30, 2, 41, 0, 0),
  large = rpois(40, 3000), jump = c(rpois(30, 400), rpois(10, 520)),
  nb1 = rnbinom(40, mu = 20, size = 2), nb2 = rnbinom(40, mu = 6, size = 1),
  falling = rpois(40, 60 * 0.93^(1:40)), huge = c(rpois(20, 90000), rpois(20, 99000))
)
rows <- list()
for (name in names(series)) for (k in c(20, 100, 1000)) for (ret in c("cases", "value")) {
  y <- series[[name]]
  sts <- new("sts", observed = matrix(y), freq = 52, start = c(2001, 1))
  made <- outbreakP(sts, control = list(range = 8:40, k = k, ret = ret, maxUpperboundCases = 2e3))
  rows[[length(rows) + 1]] <- data.frame(
    series = name, k = k, ret = ret, t = 8:40, value = y[8:40],
    upperbound = as.numeric(upperbound(made)[, 1]), alarm = as.integer(alarms(made)[, 1])
  )
}
first <- do.call(rbind, lapply(names(series), function(name) data.frame(
  series = name, k = NA, ret = "", t = 1:7, value = series[[name]][1:7], upperbound = NA, alarm = NA
)))
options(digits = 17, scipen = 999)
write.csv(rbind(first, do.call(rbind, rows)), "outbreakP.csv", row.names = FALSE, quote = FALSE)
