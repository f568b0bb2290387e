"""Hải Đăng (lighthouse): early warning and response for every threat that is not a war."""
