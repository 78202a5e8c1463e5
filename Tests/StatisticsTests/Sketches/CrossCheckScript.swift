/// The other side of `LibraryCrossCheckTests`: checks what it finds in a folder with the library,
/// and puts beside it what the library makes of the same items.
let crossCheckScript = """
    import sys
    import datasketches as ds

    folder, failures, checks = sys.argv[1], 0, 0

    def check(name, holds):
        global failures, checks
        checks += 1
        if not holds:
            failures += 1
            print("FAILED " + name)

    def read(name):
        with open(folder + "/" + name, "rb") as file:
            return file.read()

    def write(name, data):
        with open(folder + "/" + name, "wb") as file:
            file.write(data)

    def items(kind, first, end):
        if kind == "int":
            return range(first, end)
        constant = 0x9E3779B97F4A7C15F39CC0605CEDC834
        return ("%032x" % (i * constant % 2**128) for i in range(first, end))

    def theta(kind, lgk, first, end):
        sketch = ds.update_theta_sketch(lgk)
        for item in items(kind, first, end):
            sketch.update(item)
        sketch.trim()
        return sketch.compact()

    def hll(kind, lgk, first, end):
        sketch = ds.hll_sketch(lgk, ds.HLL_8)
        for item in items(kind, first, end):
            sketch.update(item)
        return sketch

    def near(one, other, error=1e-9):
        return abs(one - other) <= error * abs(other)

    def check_theta(name, kind, lgk, first, end, value, lower, upper):
        ours, theirs = ds.compact_theta_sketch.deserialize(read(name)), theta(kind, lgk, first, end)
        check(name + " bytes", read(name) == theirs.serialize())
        check(name + " estimate", near(value, ours.get_estimate()))
        # Of fewer than 120 hashes the library has the bounds in tables.
        error = 1e-9 if ours.num_retained > 120 else 0.05
        check(name + " lower", near(lower, ours.get_lower_bound(2), error))
        check(name + " upper", near(upper, ours.get_upper_bound(2), error))
        write(name + ".v3", theirs.serialize())
        write(name + ".v4", theirs.serialize(True))

    def check_sets(name, lgk, a, b, c, d):
        one, other = theta("int", lgk, a, b), theta("int", lgk, c, d)
        union, both = ds.theta_union(lgk), ds.theta_intersection()
        for sketch in (one, other):
            union.update(sketch)
            both.update(sketch)
        check(name + " union", read(name + ".union") == union.get_result().serialize())
        check(name + " intersection", read(name + ".both") == both.get_result().serialize())
        rest = ds.theta_a_not_b().compute(one, other)
        check(name + " difference", read(name + ".rest") == rest.serialize())

    def check_hll(name, kind, lgk, first, end, value):
        ours, theirs = ds.hll_sketch.deserialize(read(name)), hll(kind, lgk, first, end)
        check(name + " size", ours.lg_config_k == lgk and ours.tgt_type == ds.HLL_8)
        check(name + " empty", ours.is_empty() == (first == end))
        both, own = ds.hll_union(lgk), ds.hll_union(lgk)
        for sketch in (ours, theirs):
            both.update(sketch)
        own.update(theirs)
        if read(name)[7] & 3 == 2:
            check(name + " again", ours.serialize_compact() == read(name))
            check(name + " registers", theirs.serialize_compact()[40:] == read(name)[40:])
            own.update(theirs)
            own.update(ours)
            a, b = both.get_result(ds.HLL_8), own.get_result(ds.HLL_8)
            check(name + " union", a.serialize_compact()[40:] == b.serialize_compact()[40:])
            error = 3 * 1.04 / 2 ** (lgk / 2)
            check(name + " estimate", abs(ours.get_estimate() - value) <= error * value)
        else:
            a, b = both.get_result(ds.HLL_8), own.get_result(ds.HLL_8)
            check(name + " union", near(a.get_estimate(), b.get_estimate()))
            check(name + " estimate", abs(ours.get_estimate() - value) <= 1e-4)
        write(name + ".compact", theirs.serialize_compact())
        write(name + ".updatable", theirs.serialize_updatable())

    def check_kll(name, kind, k, n):
        whole = kind == "int"
        def load(data):
            if whole:
                return ds.kll_items_sketch.deserialize(data, ds.PyLongsSerDe())
            return ds.kll_doubles_sketch.deserialize(data)
        ours = load(read(name))
        theirs = ds.kll_items_sketch(k) if whole else ds.kll_doubles_sketch(k)
        for i in range(1, n + 1):
            theirs.update(i if whole else float(i))
        check(name + " count", ours.n == n and ours.k == k)
        if n:
            ends = ours.get_min_value() == 1 and ours.get_max_value() == n
            check(name + " ends", ends)
            error = ours.normalized_rank_error(False) * n + 1 if n > k else 1
            for share in (0.01, 0.25, 0.5, 0.95, 0.99):
                check(name + " quantile", abs(ours.get_quantile(share) - share * n) <= error)
            ours.merge(theirs)
            check(name + " merge", ours.n == 2 * n)
        if whole:
            write(name + ".lib", theirs.serialize(ds.PyLongsSerDe()))
        else:
            write(name + ".lib", theirs.serialize())

    with open(folder + "/manifest") as manifest:
        for line in manifest:
            word, name, *rest = line.split()
            numbers = [float(x) if "." in x else int(x) if x.isdigit() else x for x in rest]
            {"theta": check_theta, "sets": check_sets, "hll": check_hll,
             "kll": check_kll}[word](name, *numbers)
    print("checked %d, failed %d" % (checks, failures))
    sys.exit(1 if failures else 0)
    """
