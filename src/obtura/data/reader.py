def listing(path): return ""
def showing(path, number): return ""
