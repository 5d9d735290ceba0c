// gaunt.h as a C++17 program uses it: a class that owns the memory, exceptions made from statuses, vectors of elements.
// Runs every case of vectors.txt in both element types.
//
//     vectors ../vectors/vectors.txt

#include <gaunt.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace {

void check(gaunt_status status) {
    if (status != GAUNT_SUCCESS) throw std::runtime_error(gaunt_status_string(status));
}

/// Memory as the library wants it aligned.
class Memory {
public:
    explicit Memory(std::size_t bytes) : bytes_{bytes}, data_{::operator new(bytes, alignment)} {}

    void *data() const { return data_.get(); }
    std::size_t bytes() const { return bytes_; }

private:
    static constexpr std::align_val_t alignment{GAUNT_ALIGNMENT};
    struct Delete {
        void operator()(void *data) const { ::operator delete(data, alignment); }
    };
    std::size_t bytes_;
    std::unique_ptr<void, Delete> data_;
};

/// The product of functions up to degrees lmax1 and lmax2, up to degree lmax3. Movable; one thread at a time, because
/// it owns one workspace.
template <class T> class Product {
    static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>);

public:
    Product(int lmax1, int lmax2, int lmax3, std::uint64_t n_channels) : desc_{describe(lmax1, lmax2, lmax3, n_channels)} {
        check(gaunt_plan_init(&desc_, memory_.data(), memory_.bytes(), &plan_));
    }

    std::vector<T> operator()(std::size_t n_samples, const std::vector<T> &x1, const std::vector<T> &x2) const {
        std::size_t out_len = 0;
        check(gaunt_plan_lengths(&desc_, n_samples, nullptr, nullptr, &out_len));
        std::vector<T> out(out_len);
        const auto execute = [](auto... arguments) {
            if constexpr (std::is_same_v<T, float>)
                return gaunt_execute_f32(arguments...);
            else
                return gaunt_execute_f64(arguments...);
        };
        check(execute(plan_, n_samples, x1.data(), x1.size(), x2.data(), x2.size(), nullptr, out.data(), out.size(),
                      workspace_.data(), workspace_.bytes()));
        return out;
    }

private:
    static gaunt_plan_desc describe(int lmax1, int lmax2, int lmax3, std::uint64_t n_channels) {
        gaunt_plan_desc desc;
        check(gaunt_plan_desc_init(&desc, sizeof desc));
        desc.dtype = std::is_same_v<T, float> ? GAUNT_DTYPE_F32 : GAUNT_DTYPE_F64;
        desc.lmax1 = lmax1;
        desc.lmax2 = lmax2;
        desc.lmax3 = lmax3;
        desc.layout = GAUNT_LAYOUT_CHANNEL_LM;
        desc.n_channels = n_channels;
        return desc;
    }

    static std::size_t plan_bytes(const gaunt_plan_desc &desc) {
        std::size_t bytes = 0;
        check(gaunt_plan_memory(&desc, &bytes, nullptr));
        return bytes;
    }

    static std::size_t workspace_bytes(const gaunt_plan_desc &desc) {
        std::size_t bytes = 0;
        check(gaunt_plan_memory(&desc, nullptr, &bytes));
        return bytes;
    }

    gaunt_plan_desc desc_;
    Memory memory_{plan_bytes(desc_)};
    Memory workspace_{workspace_bytes(desc_)};
    const gaunt_plan *plan_ = nullptr;
};

struct Case {
    int lmax1 = 0, lmax2 = 0, lmax3 = 0;
    std::vector<double> x1, x2, expected;
};

std::vector<double> numbers(std::istream &file, std::size_t n) {
    std::vector<double> x(n);
    for (double &value : x) file >> value;
    return x;
}

std::vector<Case> read_cases(const std::string &path) {
    std::ifstream file{path};
    std::string skipped;
    while (file.peek() == '#') std::getline(file, skipped);
    std::size_t n = 0;
    file >> n;
    numbers(file, 7 * n); // the single coefficients
    file >> n;
    std::vector<Case> cases(n);
    const auto n_lm = [](int lmax) { return static_cast<std::size_t>((lmax + 1) * (lmax + 1)); };
    for (Case &c : cases) {
        file >> c.lmax1 >> c.lmax2 >> c.lmax3;
        c.x1 = numbers(file, n_lm(c.lmax1));
        c.x2 = numbers(file, n_lm(c.lmax2));
        c.expected = numbers(file, n_lm(c.lmax3));
        numbers(file, n_lm(c.lmax3)); // the sums of |terms|
    }
    if (!file || cases.empty()) throw std::runtime_error("cannot read " + path);
    return cases;
}

double norm(const std::vector<double> &x) {
    double sum = 0;
    for (double value : x) sum += value * value;
    return std::sqrt(sum);
}

/// Two samples of three channels with the same coefficients; the worst error among them.
template <class T> bool passes(const Case &c) {
    constexpr std::size_t samples = 2, channels = 3;
    std::vector<T> x1, x2;
    for (std::size_t i = 0; i < samples * channels; ++i) {
        x1.insert(x1.end(), c.x1.begin(), c.x1.end());
        x2.insert(x2.end(), c.x2.begin(), c.x2.end());
    }
    Product<T> original{c.lmax1, c.lmax2, c.lmax3, channels};
    const Product<T> product = std::move(original);
    const std::vector<T> out = product(samples, x1, x2);

    // the norm of the error, as c/vectors.c bounds it
    const double tolerance = 10 * double{std::numeric_limits<T>::epsilon()} * norm(c.x1) * norm(c.x2);
    bool passed = out.size() == samples * channels * c.expected.size();
    for (std::size_t i = 0; i < samples * channels && passed; ++i) {
        std::vector<double> error;
        for (std::size_t lm = 0; lm < c.expected.size(); ++lm)
            error.push_back(double{out[i * c.expected.size() + lm]} - c.expected[lm]);
        passed = norm(error) <= tolerance;
    }
    if (!passed) std::fprintf(stderr, "failed: %zu bytes, degrees %d %d %d\n", sizeof(T), c.lmax1, c.lmax2, c.lmax3);
    return passed;
}

bool refuses() {
    try {
        Product<double>{1, 1, 3, 1};
    } catch (const std::runtime_error &error) {
        return error.what() == std::string{gaunt_status_string(GAUNT_ERR_UNSUPPORTED)};
    }
    return false;
}

} // namespace

int main(int argc, char **argv) try {
    if (argc != 2) throw std::runtime_error("usage: vectors vectors.txt");
    bool passed = refuses();
    for (const Case &c : read_cases(argv[1])) {
        passed &= passes<float>(c);
        passed &= passes<double>(c);
    }
    std::puts(passed ? "c++: passed" : "c++: failed");
    return passed ? 0 : 1;
} catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
