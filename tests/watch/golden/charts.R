# What R's package 'surveillance' answers for the simulated series with further options of its charts.
# Debian: apt-get install r-base-core r-cran-surveillance
# Run in this folder: Rscript charts.R
# The package is GPL-2; what it answers are facts, and none of its code is here.
suppressMessages(library(surveillance))
counts <- read.csv("counts.csv")
range <- 417:520

write_answer <- function(name, detector, control, prepare = function(y) list()) {
  rows <- list()
  for (series in setdiff(names(counts), "t")) {
    sts <- new("sts", observed = as.matrix(counts[[series]]), freq = 52, start = c(2001, 1))
    control_here <- c(list(range = range), control, prepare(counts[[series]]))
    made <- suppressWarnings(suppressMessages(detector(sts, control_here)))
    rows[[series]] <- data.frame(
      series = series, t = range,
      upperbound = as.numeric(upperbound(made)[, 1]), alarm = as.integer(alarms(made)[, 1])
    )
  }
  options(digits = 17, scipen = 999)
  write.csv(do.call(rbind, rows), paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
}

season <- list(S = 1, trend = TRUE)
for (trans in c("anscombe", "anscombe2nd", "pearsonNegBin", "anscombeNegBin"))
  write_answer(paste0("cusum_", trans), cusum, list(k = 1.04, h = 2.26, trans = trans, alpha = 0.2))
write_answer("cusum_none", cusum, list(k = 8, h = 20, trans = "none"))
write_answer("cusum_anscombe_glm", cusum, list(k = 0.8, h = 3, trans = "anscombe", m = "glm"))

# The package fits the mean with the default tolerances of glm and glm.nb. With these the answers
# below would tell of that fit only; so the mean is fitted to the end here and given to the package.
terms <- function(S, trend) {
  seasons <- sprintf("cos(2*%d*pi/52*t)+sin(2*%d*pi/52*t)", seq_len(S), seq_len(S))
  reformulate(c("1", if (trend) "t", if (S > 0) seasons), "y")
}
fitted_to_the_end <- function(S = 1, trend = TRUE, alpha = 0.2) function(y) {
  train <- data.frame(y = y[1:416], t = 1:416)
  tight <- glm.control(epsilon = 1e-15, maxit = 200)
  if (!is.null(alpha) && alpha == 0) {
    model <- glm(terms(S, trend), family = stats::poisson(), data = train, control = tight)
  } else if (!is.null(alpha)) {
    model <- glm(terms(S, trend), family = MASS::negative.binomial(1 / alpha), data = train,
                 control = tight)
  } else {
    # By turns, each to the end: a mean for the dispersion, a dispersion for the mean.
    mean <- fitted(glm(terms(S, trend), family = stats::poisson(), data = train, control = tight))
    before <- 0
    for (turn in 1:200) {
      size <- suppressWarnings(MASS::theta.ml(train$y, mean, limit = 1000, eps = 1e-14))
      if (size > 1e6 || abs(size - before) < 1e-13 * size) break
      before <- size
      model <- glm(terms(S, trend), family = MASS::negative.binomial(as.numeric(size)),
                   data = train, control = tight)
      mean <- fitted(model)
    }
    if (size > 1e6) return(fitted_to_the_end(S, trend, 0)(y))
    alpha <- 1 / as.numeric(size)
  }
  list(alpha = alpha, mu0 = as.numeric(predict(model, data.frame(t = range), type = "response")))
}

poisson_chart <- function(name, ..., S = 1, trend = TRUE)
  write_answer(paste0("glrpois_", name), glrpois, list(...), fitted_to_the_end(S, trend, 0))
poisson_chart("theta", theta = log(1.5), ret = "value", c.ARL = 4)
poisson_chart("theta_cases", theta = log(1.5), ret = "cases", c.ARL = 4)
poisson_chart("dec", dir = "dec", ret = "value", c.ARL = 3)
poisson_chart("window", Mtilde = 2, M = 8, ret = "value", c.ARL = 3)
poisson_chart("season2", S = 2, trend = FALSE, ret = "value", c.ARL = 5)
poisson_chart("flat", S = 0, trend = FALSE, ret = "value", c.ARL = 5)
poisson_chart("cases", ret = "cases", c.ARL = 5)
poisson_chart("epi", change = "epi", ret = "value", c.ARL = 5)

negbin <- function(name, prepare, ...)
  write_answer(paste0("glrnb_", name), glrnb, list(...), prepare)
negbin("tight", fitted_to_the_end(alpha = NULL), ret = "value", c.ARL = 5)
negbin("theta", fitted_to_the_end(), theta = log(1.5), ret = "value", c.ARL = 3)
negbin("alpha", fitted_to_the_end(), ret = "value", c.ARL = 3)
negbin("dec", fitted_to_the_end(), dir = "dec", ret = "value", c.ARL = 2)
negbin("window", fitted_to_the_end(), Mtilde = 2, M = 8, ret = "value", c.ARL = 2)
negbin("season2", fitted_to_the_end(2, FALSE), ret = "value", c.ARL = 5)
negbin("epi", fitted_to_the_end(), change = "epi", ret = "value", c.ARL = 3)
# As the package fits by itself.
negbin("alpha_own", function(y) list(mu0 = season, alpha = 0.2), ret = "value", c.ARL = 3)

# Without a longest window the package fails where fewer than Mtilde periods are left after an alarm;
# each series then ends with the last period for which it answers.
waiting <- function(name, ...) {
  rows <- list()
  for (series in setdiff(names(counts), "t")) for (last in 520:500) {
    fitted <- fitted_to_the_end(1, TRUE, 0)(counts[[series]])
    fitted$mu0 <- fitted$mu0[seq_len(last - 416)]
    sts <- new("sts", observed = as.matrix(counts[[series]]), freq = 52, start = c(2001, 1))
    made <- tryCatch(suppressWarnings(suppressMessages(
      glrpois(sts, c(list(range = 417:last, Mtilde = 3, M = -1, c.ARL = 3, ...), fitted))
    )), error = function(e) NULL)
    if (is.null(made)) next
    rows[[series]] <- data.frame(
      series = series, t = 417:last,
      upperbound = as.numeric(upperbound(made)[, 1]), alarm = as.integer(alarms(made)[, 1])
    )
    break
  }
  options(digits = 17, scipen = 999)
  write.csv(do.call(rbind, rows), paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
}
waiting("glrpois_wait", ret = "value")
waiting("glrpois_wait_cases", ret = "cases")
