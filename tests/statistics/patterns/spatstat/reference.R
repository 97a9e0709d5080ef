# Functions of fixed point patterns by spatstat, for tests/statistics/patterns/test_pattern.py.
# In this folder: Rscript reference.R   (made with spatstat.explore 3.0-6)
suppressMessages(library(spatstat.explore))

unit <- owin(c(0, 1), c(0, 1))
read <- function(name) {
  xy <- as.matrix(read.csv(paste0(name, ".csv"), header = FALSE))
  ppp(xy[, 1], xy[, 2], window = unit)
}
steps <- (1:40) / 40

for (name in c("random", "clustered", "regular")) {
  x <- read(name)
  reach <- function(spacings) min(spacings / sqrt(npoints(x)), 0.25) * c(0, steps)
  fine <- function(end) c(seq(0, end, length.out = 20001))
  at <- function(f, r, column) approx(f$r, f[[column]], r)$y
  r_l <- reach(4); r_g <- reach(1.5); r_f <- reach(2)
  l <- Lest(x, r = r_l, correction = "translate")
  g <- Gest(x, r = fine(max(r_g)), correction = "km")
  f <- Fest(x, r = fine(max(r_f)), correction = "km", dimyx = 1024)
  out <- data.frame(
    r_pairs = r_l, pairs = l$trans - r_l, r_nearest = r_g, nearest = at(g, r_g, "km"),
    r_empty = r_f, empty = at(f, r_f, "km")
  )
  write.csv(format(out[-1, ], digits = 8), paste0(name, "_spatstat.csv"), row.names = FALSE, quote = FALSE)
}

# Pointwise envelope of L from 39 given patterns of 60 points.
xy <- as.matrix(read.csv("nulls.csv", header = FALSE))
simulated <- lapply(split(seq_len(nrow(xy)), rep(1:39, each = 60)), function(rows) {
  ppp(xy[rows, 1], xy[rows, 2], window = unit)
})
r <- c(0, steps) * min(4 / sqrt(60), 0.25)
e <- envelope(simulated[[1]], Lest, nsim = 38, simulate = simulated[-1], r = r,
              correction = "translate", verbose = FALSE)
out <- data.frame(r = e$r, data = e$obs - e$r, low = e$lo - e$r, high = e$hi - e$r)
write.csv(format(out[-1, ], digits = 8), "envelope_spatstat.csv", row.names = FALSE, quote = FALSE)
