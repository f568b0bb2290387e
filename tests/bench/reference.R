# Seconds that R's package 'surveillance' takes for each detector: Rscript reference.R counts.csv weeks
# counts.csv: a column to a series. Prints one line to a detector: our name, seconds of processor time.
# Debian: apt-get install r-base-core r-cran-surveillance
suppressMessages(library(surveillance))
given <- commandArgs(trailingOnly = TRUE)
counts <- read.csv(given[1])
rows <- nrow(counts)
range <- (rows - as.integer(given[2]) + 1):rows
season <- list(S = 1, trend = TRUE)
detectors <- list(
  ears_c1 = function(s) earsC(s, list(range = range, method = "C1")),
  ears_c2 = function(s) earsC(s, list(range = range, method = "C2")),
  ears_c3 = function(s) earsC(s, list(range = range, method = "C3")),
  farrington = function(s) farrington(s, list(range = range, b = 5, w = 3, verbose = FALSE)),
  farrington_flexible = function(s) farringtonFlexible(s, list(
    range = range, b = 5, w = 3, reweight = TRUE, weightsThreshold = 2.58, alpha = 0.05,
    pThresholdTrend = 1, noPeriods = 10, pastWeeksNotIncluded = 26, thresholdMethod = "nbPlugin",
    verbose = FALSE, glmWarnings = FALSE)),
  bayes = function(s) bayes(s, list(range = range, b = 0, w = 6, actY = TRUE, alpha = 0.05)),
  rki = function(s) rki(s, list(range = range, b = 2, w = 4, actY = FALSE)),
  cusum = function(s) cusum(s, list(range = range, trans = "rossi")),
  glr_poisson = function(s) glrpois(s, list(range = range, mu0 = season, ret = "value")),
  glr_negbin = function(s) glrnb(s, list(range = range, mu0 = season, alpha = NULL, ret = "value")),
  outbreakp = function(s) outbreakP(s, list(range = range, k = 100, ret = "cases"))
)
judge <- function(name, column) {
  series <- new("sts", observed = as.matrix(counts[[column]]), freq = 52, start = c(2001, 1))
  suppressWarnings(suppressMessages(detectors[[name]](series)))
}
for (name in names(detectors)) {
  judge(name, names(counts)[1])  # compiled on the first call
  begin <- proc.time()
  for (column in names(counts)) judge(name, column)
  took <- proc.time() - begin
  cat(name, took[["user.self"]] + took[["sys.self"]], "\n")
}
